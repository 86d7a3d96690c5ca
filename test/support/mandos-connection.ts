// A bare connection to the Mandos port, for saying things that no machine would.

import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One connection. Errors of the socket count as its end. */
export class MandosConnection implements Disposable {
  readonly #socket: net.Socket;
  readonly #received: Buffer[] = [];
  readonly #ended: Promise<unknown>;
  #hasEnded = false;

  private constructor(socket: net.Socket) {
    this.#socket = socket;
    socket.on('data', (part: Buffer) => this.#received.push(part));
    socket.on('error', () => undefined);
    this.#ended = Promise.race([once(socket, 'end'), once(socket, 'close')]).then(
      () => {
        this.#hasEnded = true;
      },
      () => {
        this.#hasEnded = true;
      },
    );
  }

  static async open(port: number): Promise<MandosConnection> {
    const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    await once(socket, 'connect');
    return new MandosConnection(socket);
  }

  get received(): Buffer {
    return Buffer.concat(this.#received);
  }

  /** Whether the server has ended its side. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether our side still takes bytes. */
  get isWritable(): boolean {
    return this.#socket.writable;
  }

  send(bytes: Uint8Array | string): void {
    this.#socket.write(bytes);
  }

  /** Sends and waits until the kernel has taken it, or the connection is gone. */
  async sendAll(bytes: Uint8Array): Promise<void> {
    const isWritten = new Promise((resolve) => this.#socket.write(bytes, resolve));
    await Promise.race([isWritten, this.#ended]);
  }

  /** Ends our side; the server's side stays open. */
  endOurSide(): void {
    this.#socket.end();
  }

  /** Resolves when the server has said something or ended, or after `patienceMs`. */
  async heard(patienceMs = 10_000): Promise<Buffer> {
    if (this.#received.length > 0 || this.#hasEnded) return this.received;
    const end = new AbortController();
    await Promise.race([
      once(this.#socket, 'data', { signal: end.signal }).catch(() => undefined),
      this.#ended,
      sleep(patienceMs, undefined, { signal: end.signal }).catch(() => undefined),
    ]);
    end.abort();
    return this.received;
  }

  /** Waits for the server to end its side; false if it has not within `patienceMs`. */
  async end(patienceMs = 10_000): Promise<boolean> {
    const timer = new AbortController();
    await Promise.race([
      this.#ended,
      sleep(patienceMs, undefined, { signal: timer.signal, ref: false }).catch(() => undefined),
    ]);
    timer.abort();
    return this.#hasEnded;
  }

  [Symbol.dispose](): void {
    this.#socket.destroy();
  }
}
