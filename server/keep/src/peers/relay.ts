// The keep opens no connection of its own: a gate does it for the keep and relays bytes that it cannot read. A connection is a
// stream like any other to whoever uses it.

import { Duplex } from 'node:stream';
import type { InputOf, OutputOf, system } from '@chatelaine/contract';

type Order = OutputOf<typeof system.relay>;

const MAX_CHUNK_BYTES = 65_536;
/** More than any peer of ours sends; a gate that sends more is cut off. */
const MAX_UNREAD_BYTES = 1_048_576;

class RelayedStream extends Duplex {
  readonly #id: number;
  readonly #order: (order: Order) => void;
  readonly #onOver: () => void;

  constructor(id: number, order: (order: Order) => void, onOver: () => void) {
    super();
    this.#id = id;
    this.#order = order;
    this.#onOver = onOver;
  }

  /** What the gate read; empty: nothing more comes. */
  receive(data: Uint8Array): void {
    if (data.length === 0) this.push(null);
    else if (this.readableLength > MAX_UNREAD_BYTES) this.destroy();
    else this.push(Buffer.from(data));
  }

  override _read(): void {
    // What comes is pushed as it comes; its amount is bounded.
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    for (let at = 0; at < chunk.length; at += MAX_CHUNK_BYTES) {
      this.#order({ kind: 'data', id: this.#id, data: Buffer.from(chunk.subarray(at, at + MAX_CHUNK_BYTES)) });
    }
    done();
  }

  override _final(done: () => void): void {
    this.#order({ kind: 'end', id: this.#id });
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#order({ kind: 'end', id: this.#id });
    this.#onOver();
    done(error);
  }
}

/** The gate that relays, if one is there. */
export class Relay {
  readonly #streams = new Map<number, RelayedStream>();
  #orders: Order[] = [];
  #isListening = false;
  #wake: (() => void) | undefined;
  #onGate: (() => void)[] = [];
  #newestId = 0;
  #generation = 0;

  /** What a gate is to do, from now on; the newest gate is the one that does it. */
  async *listen(signal: AbortSignal): AsyncGenerator<Order> {
    const generation = ++this.#generation;
    this.#orders = [];
    this.#isListening = true;
    this.#wake?.();
    for (const tell of this.#onGate.splice(0)) tell();
    signal.addEventListener('abort', () => this.#wake?.(), { once: true });
    try {
      while (!signal.aborted && generation === this.#generation) {
        if (this.#orders.length === 0) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
        }
        if (generation === this.#generation) yield* this.#orders.splice(0);
      }
    } finally {
      if (generation === this.#generation) {
        this.#isListening = false;
        for (const stream of [...this.#streams.values()]) stream.destroy();
      }
    }
  }

  /** Resolves when a gate listens. */
  gate(): Promise<void> {
    return this.#isListening ? Promise.resolve() : new Promise((resolve) => this.#onGate.push(resolve));
  }

  /** A connection through the gate; it ends like any other if it cannot be made. */
  open(address: string, port: number): Duplex {
    const id = ++this.#newestId;
    const stream = new RelayedStream(
      id,
      (order) => this.#order(order),
      () => this.#streams.delete(id),
    );
    this.#streams.set(id, stream);
    this.#order({ kind: 'open', id, address, port });
    return stream;
  }

  /** What a gate read for a connection; one that is over already is passed over. */
  take({ id, data }: InputOf<typeof system.relayed>): void {
    this.#streams.get(id)?.receive(data);
  }

  #order(order: Order): void {
    if (!this.#isListening) return;
    this.#orders.push(order);
    this.#wake?.();
  }
}
