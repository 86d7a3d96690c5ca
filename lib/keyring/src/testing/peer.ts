// A second process that shares the session, and does on demand what a test asks of it: one line of JSON in, one out.

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('./peer-main.ts', import.meta.url));

/** What a peer can be asked: a method of its stores, or a line of code's worth of the low level. */
export interface PeerRequest {
  readonly on: 'plain' | 'sealed' | 'keyctl';
  readonly method: string;
  readonly args: readonly unknown[];
}

/** Its answer: a value, with bytes as `{ hex }`, or the code of a refusal. */
export interface PeerAnswer {
  readonly value?: unknown;
  readonly code?: string;
}

/** `await using peer = await Peer.start()` */
export class Peer implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #lines: Interface;
  readonly #answers: AsyncIterator<string>;

  private constructor(child: ChildProcess, lines: Interface) {
    this.#child = child;
    this.#lines = lines;
    this.#answers = lines[Symbol.asyncIterator]();
  }

  /** @param pin of the sealed store, if that is to be used. */
  static async start(pin = '', command: readonly string[] = []): Promise<Peer> {
    const [file = process.execPath, ...args] = [...command, process.execPath, program, pin];
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const { stdout } = child;
    if (stdout === null) throw new Error('the peer has no stdout');
    const peer = new Peer(child, createInterface({ input: stdout }));
    await peer.#answers.next();
    return peer;
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Asks, and waits for the answer. */
  async ask(on: PeerRequest['on'], method: string, ...args: readonly unknown[]): Promise<PeerAnswer> {
    this.#child.stdin?.write(`${JSON.stringify({ on, method, args } satisfies PeerRequest)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the peer has ended');
    return JSON.parse(value);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin?.end();
    this.#lines.close();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
  }
}
