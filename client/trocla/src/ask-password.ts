// Asks twice for a password, with an x for each character, on a terminal or from a pipe; questions and echo go to stdout.

import { readSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

const STDIN = 0;

/** Reads without waiting for more than there is; an empty answer is the end. */
const readSome = (target: Uint8Array): number => {
  for (;;) {
    try {
      return readSync(STDIN, target, 0, target.length, null);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EOF') return 0;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
};

/** All of stdin. */
export const readAll = (): Buffer => {
  const parts: Buffer[] = [];
  for (;;) {
    const part = Buffer.alloc(65_536);
    const read = readSome(part);
    if (read === 0) break;
    parts.push(part.subarray(0, read));
  }
  const whole = Buffer.concat(parts);
  for (const part of parts) part.fill(0);
  return whole;
};

const show = (text: string): void => {
  writeSync(1, text);
};

const INTERRUPT = 3;
const END = 4;
const isErase = (byte: number): boolean => byte === 8 || byte === 127;
const continuesCharacter = (byte: number): boolean => (byte & 0xc0) === 0x80;

class Asker {
  readonly #isTerminal = isatty(STDIN);
  readonly #bytes = new Uint8Array(1);

  ask(question: string): string {
    // Before the question: whatever is typed from then on is not shown.
    if (this.#isTerminal) process.stdin.setRawMode(true);
    show(question);
    const typed: number[] = [];
    try {
      this.#readLine(typed);
    } finally {
      if (this.#isTerminal) process.stdin.setRawMode(false);
    }
    show('\n');
    const bytes = Buffer.from(typed);
    typed.fill(0);
    const answer = bytes.toString().trim();
    bytes.fill(0);
    return answer;
  }

  #readLine(typed: number[]): void {
    while (readSome(this.#bytes) > 0) {
      const byte = this.#bytes[0] ?? 0;
      if (byte === 10 || (byte === 13 && this.#isTerminal)) return;
      if (this.#isTerminal && byte === INTERRUPT) {
        process.stdin.setRawMode(false);
        show('\n');
        process.kill(process.pid, 'SIGINT');
      }
      if (this.#isTerminal && byte === END && typed.length === 0) return;
      if (this.#isTerminal && isErase(byte)) {
        this.#erase(typed);
        continue;
      }
      typed.push(byte);
      if (!continuesCharacter(byte)) show('x');
    }
  }

  #erase(typed: number[]): void {
    while (typed.length > 0 && continuesCharacter(typed.at(-1) ?? 0)) typed.pop();
    if (typed.pop() !== undefined) show('\b\x1b[P');
  }
}

/** The password, or `undefined` if the two answers differ. */
export const askPassword = (): string | undefined => {
  const asker = new Asker();
  const first = asker.ask('Enter your password: ');
  return asker.ask('Repeat password: ') === first ? first : undefined;
};
