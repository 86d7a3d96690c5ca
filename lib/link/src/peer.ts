// The link's two sides, as the rest of the house sees them.

import type { Refused, Result, Role } from '@chatelaine/contract';

/** One peer as the keep knows it: a name, what it is, its pre-shared key, and the uid it must come from, if any. */
export interface PeerKey {
  /** Sent in clear as the PSK identity; unique. 1 to 64 of `[a-z0-9-]`. */
  readonly identity: string;
  readonly role: Role;
  /** 32 bytes. TLS needs it in the ordinary heap. */
  readonly key: Uint8Array;
  /** Where the stream has peer credentials (a UNIX socket): any other uid is refused. */
  readonly uid?: number;
}

const identityForm = /^[a-z0-9-]{1,64}$/;

/** Whether a string can name a peer. */
export const isPeerIdentity = (identity: string): boolean => identityForm.test(identity);

/** The authenticated other side of a connection. */
export interface LinkPeer {
  readonly identity: string;
  readonly role: Role;
  /** From the socket; absent on a stream that has none. */
  readonly uid?: number;
}

/** One question as it arrived. The same object stands for the question as long as it is being answered. */
export interface LinkRequest {
  readonly operation: string;
  /** Not checked yet. Byte arrays in it are views that stay valid until the answer was given, then they are wiped. */
  readonly input: unknown;
  readonly requestId?: string;
  /** What somebody proves themselves with, for whom the peer asks. Bytes as those of the input: wiped when the answer was given. */
  readonly credential?: Uint8Array;
  /** Where that somebody asks from, as the peer says. */
  readonly source?: string;
  /** Aborts when the caller cancelled, its deadline passed, or it is gone. */
  readonly signal: AbortSignal;
}

/** Answers questions. */
export interface LinkHandler {
  /** `dispose` is called as soon as the result was copied into its (wiped after writing) frame. */
  call(
    peer: LinkPeer,
    request: LinkRequest,
  ): Promise<{ readonly result: Result<unknown>; readonly dispose?: () => void }>;
  /**
   * A refusal, or items pushed as fast as the peer takes them. The next item is asked for when the one before was copied
   * into its frame: a generator may wipe an item when it goes on. When the peer stops, `request.signal` aborts and the
   * iterator's `return` is called.
   */
  stream(peer: LinkPeer, request: LinkRequest): Promise<Refused | AsyncIterable<unknown>>;
}
