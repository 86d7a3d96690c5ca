// Hears from checkers. Each writes its machine's number into a pipe with a word of the shell, so that it costs hardly more than
// `true`, and what was done and when is known without asking either server.

import { appendFileSync, chmodSync, createReadStream, type ReadStream } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { runToSuccess } from '../../test/support/run-program.ts';
import type { Scratch } from '../../test/support/scratch.ts';

/** Checks of one window of time. */
export interface SeenChecks {
  readonly count: number;
  /** How much later than one interval after the one before it a check of the same machine came, sorted. */
  readonly delaysMs: readonly number[];
}

export class CheckListener {
  readonly #fifo: string;
  readonly #stream: ReadStream;
  readonly #lastAtMs = new Map<string, number>();
  #count = 0;
  #delaysMs: number[] = [];

  private constructor(fifo: string, intervalMs: number) {
    this.#fifo = fifo;
    // For reading and writing: it does not end when no checker has it open.
    this.#stream = createReadStream(fifo, { flags: 'r+' });
    createInterface({ input: this.#stream }).on('line', (name) => {
      const now = performance.now();
      const last = this.#lastAtMs.get(name);
      this.#lastAtMs.set(name, now);
      this.#count++;
      if (last !== undefined) this.#delaysMs.push(Math.max(0, now - last - intervalMs));
    });
  }

  static async start(scratch: Scratch, intervalMs: number): Promise<CheckListener> {
    const directory = scratch.directory();
    chmodSync(directory, 0o755);
    const fifo = path.join(directory, 'checks');
    await runToSuccess('mkfifo', ['-m', '0666', fifo]);
    // The umask has its say in mkfifo.
    chmodSync(fifo, 0o666);
    return new CheckListener(fifo, intervalMs);
  }

  /** The checker of a machine. */
  checkerOf(name: string): string {
    return `echo ${name} >${this.#fifo}`;
  }

  /** Machines that were looked at at least once. */
  get machines(): number {
    return this.#lastAtMs.size;
  }

  /** What was seen since the last call. */
  take(): SeenChecks {
    const seen = { count: this.#count, delaysMs: this.#delaysMs.toSorted((one, other) => one - other) };
    this.#count = 0;
    this.#delaysMs = [];
    return seen;
  }

  close(): void {
    this.#stream.destroy();
    // The reading that is under way ends with something to read.
    appendFileSync(this.#fifo, '\n');
  }
}
