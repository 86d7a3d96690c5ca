// The answering side of the link. Whatever duplex stream it is given becomes a connection of a known peer, or is closed
// with nothing learnt. Strangers are bounded in number and time, by where they come from, so that one account cannot keep
// the others out.

import type { Duplex } from 'node:stream';
import type { LinkHandler, LinkPeer, PeerKey } from './peer.ts';
import { HandshakeError, secureServerSide } from './secure-stream.ts';
import { type ConnectionLimits, ServerConnection } from './server-connection.ts';
import { shortReason } from './short-reason.ts';

/** What happened, for the log. Never contains input. */
export type LinkEvent =
  | { readonly kind: 'connected'; readonly peer: LinkPeer }
  | { readonly kind: 'disconnected'; readonly peer: LinkPeer; readonly reason?: string }
  /** Somebody was turned away; `uid` where the stream knows it. */
  | { readonly kind: 'turned-away'; readonly reason: string; readonly uid?: number }
  /** An answer could not be made: a bug in the handler. The peer got `internal`. */
  | { readonly kind: 'failed'; readonly peer: LinkPeer; readonly operation: string; readonly error: unknown };

export interface LinkServerOptions extends Partial<ConnectionLimits> {
  /** The key of a peer by its identity. Must not throw. Asked anew for every handshake. */
  readonly keyOf: (identity: string) => PeerKey | undefined;
  readonly handler: LinkHandler;
  readonly onEvent?: (event: LinkEvent) => void;
  /** Milliseconds a handshake may take. 10,000 if absent: on a slow serial line it takes seconds. */
  readonly handshakeMs?: number;
  /** Handshakes under way for each uid (streams without one count together). 32 if absent. */
  readonly maxHandshakes?: number;
  /** Connections of each peer. 64 if absent. */
  readonly maxConnections?: number;
}

const defaults: ConnectionLimits = {
  maxInFlight: 1_024,
  maxInputBytes: 64 * 1_024 * 1_024,
  maxQueuedBytes: 4 * 1_024 * 1_024,
  stallMs: 120_000,
};

/** Counts things by a key, and forgets keys at zero. */
class Counter<Key> {
  readonly #counts = new Map<Key, number>();

  get(key: Key): number {
    return this.#counts.get(key) ?? 0;
  }

  add(key: Key, difference: 1 | -1): void {
    const count = this.get(key) + difference;
    if (count === 0) this.#counts.delete(key);
    else this.#counts.set(key, count);
  }
}

export class LinkServer {
  readonly #options: LinkServerOptions;
  readonly #limits: ConnectionLimits;
  readonly #shaking = new Set<Duplex>();
  readonly #handshakes = new Counter<number | undefined>();
  readonly #perIdentity = new Counter<string>();
  readonly #connections = new Set<ServerConnection>();
  readonly #closers = new Set<() => Promise<void>>();
  #isClosing = false;

  constructor(options: LinkServerOptions) {
    this.#options = options;
    this.#limits = {
      maxInFlight: options.maxInFlight ?? defaults.maxInFlight,
      maxInputBytes: options.maxInputBytes ?? defaults.maxInputBytes,
      maxQueuedBytes: options.maxQueuedBytes ?? defaults.maxQueuedBytes,
      stallMs: options.stallMs ?? defaults.stallMs,
    };
  }

  /**
   * Takes a stream over: it becomes a connection, or is destroyed. Its `close` event says when it is done with.
   *
   * @param origin the uid at the other end, where the stream has peer credentials; whether it is a line, on which nobody may speak for
   * ever so long, and a handshake that was left is ended by the next one
   */
  accept(stream: Duplex, origin: { readonly uid?: number; readonly isLine?: boolean } = {}): void {
    const { uid, isLine = false } = origin;
    stream.on('error', () => stream.destroy());
    if (this.#isClosing) {
      stream.destroy();
      return;
    }
    if (this.#handshakes.get(uid) >= (this.#options.maxHandshakes ?? 32)) {
      stream.destroy();
      this.#turnAway('too many handshakes under way', uid);
      return;
    }
    void this.#shake(stream, uid, isLine);
  }

  /** Has `close` called when the server closes, before connections are drained: a listener stops listening. */
  onClose(close: () => Promise<void>): void {
    this.#closers.add(close);
  }

  /**
   * Ends in order: no new connections, no new questions; what is being answered has `drainMs` to be answered, then the
   * connections are closed. A client asks elsewhere or again what was not taken.
   */
  async close(options: { readonly drainMs: number }): Promise<void> {
    this.#isClosing = true;
    await Promise.all([...this.#closers].map((close) => close()));
    for (const stream of this.#shaking) stream.destroy();
    await Promise.all([...this.#connections].map((connection) => connection.drain(options.drainMs)));
  }

  async #shake(stream: Duplex, uid: number | undefined, isLine: boolean): Promise<void> {
    this.#shaking.add(stream);
    this.#handshakes.add(uid, 1);
    const origin = uid === undefined ? {} : { uid };
    try {
      const timeoutMs = isLine ? undefined : (this.#options.handshakeMs ?? 10_000);
      const { secure, key } = await secureServerSide(stream, { keyOf: this.#options.keyOf, timeoutMs, ...origin });
      const peer: LinkPeer = { identity: key.identity, role: key.role, ...origin };
      if (this.#isClosing || this.#perIdentity.get(peer.identity) >= (this.#options.maxConnections ?? 64)) {
        secure.destroy();
        this.#turnAway(this.#isClosing ? 'closing' : `too many connections of ${peer.identity}`, uid);
        return;
      }
      this.#perIdentity.add(peer.identity, 1);
      const connection: ServerConnection = new ServerConnection(secure, {
        ...this.#limits,
        peer,
        handler: this.#options.handler,
        failed: (operation, error) => this.#options.onEvent?.({ kind: 'failed', peer, operation, error }),
        closed: (error) => this.#forget(connection, peer, error),
      });
      this.#connections.add(connection);
      this.#options.onEvent?.({ kind: 'connected', peer });
    } catch (error) {
      if (!(error instanceof HandshakeError)) throw error;
      this.#turnAway(error.message, uid);
    } finally {
      this.#shaking.delete(stream);
      this.#handshakes.add(uid, -1);
    }
  }

  #forget(connection: ServerConnection, peer: LinkPeer, error: Error | undefined): void {
    this.#connections.delete(connection);
    this.#perIdentity.add(peer.identity, -1);
    const reason = error === undefined ? {} : { reason: shortReason(error) };
    this.#options.onEvent?.({ kind: 'disconnected', peer, ...reason });
  }

  #turnAway(reason: string, uid: number | undefined): void {
    this.#options.onEvent?.({ kind: 'turned-away', reason, ...(uid !== undefined && { uid }) });
  }
}
