// Does what the watch orders, and ends when the watch does: then everything that runs is ended too. Invariant: each order to
// begin is answered once.

import type { Readable, Writable } from 'node:stream';
import { type Answer, encodeFrame, FrameReader, type Order, parseOrder } from '../frames.ts';
import { CheckerProcesses } from './checker-processes.ts';
import { checkTlsKey } from './tls-key-check.ts';

/** After SIGTERM. */
const STOP_PATIENCE_MS = 5_000;

/** The same when this process itself ends: then there is less time. */
const END_PATIENCE_MS = 500;

const TLS_PATIENCE_MS = 20_000;

/** Exit status 1, as of wait(2): what a check says that is no program. */
const FAILED = 1 << 8;

type Stop = (patienceMs: number) => void;

class Orders {
  readonly #processes = new CheckerProcesses();
  readonly #stops = new Map<number, Stop>();
  readonly #output: Writable;
  readonly #idle = Promise.withResolvers<void>();
  #unsent: Buffer[] = [];
  #isEnding = false;

  constructor(output: Writable) {
    this.#output = output;
    this.#send({ kind: 'ready' });
  }

  take(order: Order): void {
    switch (order.kind) {
      case 'run':
        this.#run(order);
        return;
      case 'tls-key':
        void this.#lookAtTls(order);
        return;
      case 'stop':
        this.#stops.get(order.id)?.(STOP_PATIENCE_MS);
    }
  }

  /** Resolves when nothing runs any more. */
  async end(): Promise<void> {
    this.#isEnding = true;
    for (const stop of this.#stops.values()) stop(END_PATIENCE_MS);
    if (this.#stops.size === 0) return;
    // A signal that is waited for does not keep a process from ending.
    const awake = setInterval(() => undefined, END_PATIENCE_MS);
    await this.#idle.promise;
    clearInterval(awake);
  }

  #run({ id, command }: Extract<Order, { readonly kind: 'run' }>): void {
    const started = this.#processes.start(command, (waitStatus) => this.#ended({ kind: 'ended', id, waitStatus }));
    if (typeof started === 'string') this.#send({ kind: 'failed', id, reason: started });
    else this.#stops.set(id, (patienceMs) => started.stop(patienceMs));
  }

  async #lookAtTls({ id, host, port, keySha256 }: Extract<Order, { readonly kind: 'tls-key' }>): Promise<void> {
    const given = new AbortController();
    this.#stops.set(id, () => given.abort());
    const isAlive = await checkTlsKey({ host, port, keySha256, patienceMs: TLS_PATIENCE_MS }, given.signal);
    this.#ended({ kind: 'ended', id, waitStatus: isAlive ? 0 : FAILED });
  }

  #ended(answer: Extract<Answer, { readonly kind: 'ended' }>): void {
    this.#stops.delete(answer.id);
    this.#send(answer);
    if (this.#isEnding && this.#stops.size === 0) this.#idle.resolve();
  }

  /** What ends in the same turn leaves in one write. */
  #send(answer: Answer): void {
    if (this.#unsent.push(encodeFrame(answer)) > 1) return;
    queueMicrotask(() => {
      const frames = this.#unsent;
      this.#unsent = [];
      this.#output.write(Buffer.concat(frames));
    });
  }
}

/** Returns when the input has ended and so has everything that was begun. Throws `FrameError` at what is no order. */
export const serveOrders = async (input: Readable, output: Writable): Promise<void> => {
  // A watch that is gone does not listen; the end of the input says so too.
  output.on('error', () => undefined);
  const orders = new Orders(output);
  const reader = new FrameReader();
  try {
    for await (const chunk of input) for (const message of reader.push(chunk)) orders.take(parseOrder(message));
  } finally {
    await orders.end();
  }
};
