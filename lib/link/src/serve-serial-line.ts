// The answering side of a serial line. A line has no connections: it is opened anew whenever the one before is done with, and then
// waits for somebody to say something. One that cannot be opened (its adapter was pulled) is tried again.

import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LinkServer } from './link-server.ts';
import { shortReason } from './short-reason.ts';

const RETRY_MS = 1_000;
/** Connections that are over as soon as they began; after so many in a row the line is left alone for a while. */
const SHORTEST_MS = 100;
const MOST_SHORT_ONES = 3;

export interface ServeSerialLineOptions {
  readonly server: LinkServer;
  /** Opens the line; called for every connection. */
  readonly open: () => Promise<Duplex>;
  /** Told once when it cannot be opened, and why; and once when it can be again. */
  readonly onState?: (state: { readonly kind: 'open' } | { readonly kind: 'failing'; readonly reason: string }) => void;
  /** Milliseconds after a failure. 1,000 if absent. */
  readonly retryMs?: number;
}

/** Serves the line until the server closes. */
export const serveSerialLine = ({ server, open, onState, retryMs = RETRY_MS }: ServeSerialLineOptions): void => {
  const stop = new AbortController();
  server.onClose(async () => stop.abort());
  let known: 'open' | 'failing' | undefined;
  const tell = (state: Parameters<NonNullable<typeof onState>>[0]): void => {
    if (known !== state.kind) onState?.(state);
    known = state.kind;
  };
  let shortOnes = 0;
  /** Sees one connection through; gives whether the next one may follow at once, so that nothing is lost in between. */
  const serveOnce = async (): Promise<boolean> => {
    let stream: Duplex;
    try {
      stream = await open();
    } catch (error) {
      tell({ kind: 'failing', reason: shortReason(error as Error) });
      return false;
    }
    tell({ kind: 'open' });
    const since = performance.now();
    server.accept(stream, { isLine: true });
    if (!stream.closed) await once(stream, 'close');
    shortOnes = performance.now() - since < SHORTEST_MS ? shortOnes + 1 : 0;
    return shortOnes < MOST_SHORT_ONES;
  };
  const serve = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      if (!(await serveOnce())) await sleep(retryMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
  };
  void serve();
};
