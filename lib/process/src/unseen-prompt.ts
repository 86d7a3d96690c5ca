// One line typed at a prompt, unseen, as bytes: what is a pass phrase never becomes a string, and every buffer that held it
// is zeroed. The line is edited by hand here because the terminal is in raw mode.

import type { ReadStream } from 'node:tty';

const MAX_BYTES = 65_536;

const CTRL_C = 3;
const CTRL_D = 4;
const BACKSPACE = 8;
const LINE_FEED = 10;
const RETURN = 13;
const CTRL_U = 21;
const ESCAPE = 27;
const DELETE = 127;

/** Why a prompt ended without a line. */
export type PromptEnd = 'interrupted' | 'nothing' | 'hung-up' | 'too-long';

const texts: Readonly<Record<PromptEnd, string>> = {
  interrupted: 'Interrupted.',
  nothing: 'Nothing was entered.',
  'hung-up': 'The terminal is gone.',
  'too-long': 'That is too long.',
};

/** A prompt that ended without a line; the message is for the person at it. */
export class PromptEndedError extends Error {
  override readonly name = 'PromptEndedError';
  readonly reason: PromptEnd;

  constructor(reason: PromptEnd) {
    super(texts[reason]);
    this.reason = reason;
  }
}

/** What is being typed. The buffer never moves, so that no copy of it is left behind. */
class TypedLine {
  readonly #bytes = Buffer.allocUnsafeSlow(MAX_BYTES);
  #length = 0;
  #isInEscape = false;

  /** Takes one byte from the terminal. `done` ends the line, `interrupt` and `nothing` end the prompt. */
  take(byte: number): 'more' | 'done' | 'interrupted' | 'nothing' {
    if (this.#isInEscape && byte >= 0x20) {
      // A key such as an arrow: ESC, then [ or O, then up to a letter or ~. None of it was meant as text.
      this.#isInEscape = !(byte === 0x7e || (byte >= 0x40 && byte <= 0x7a && byte !== 0x5b && byte !== 0x4f));
      return 'more';
    }
    this.#isInEscape = false;
    if (byte === CTRL_C) return 'interrupted';
    if (byte === RETURN || byte === LINE_FEED) return 'done';
    if (byte === CTRL_D) return this.#length === 0 ? 'nothing' : 'more';
    if (byte === ESCAPE) this.#isInEscape = true;
    else if (byte === CTRL_U) this.#cut(0);
    else if (byte === BACKSPACE || byte === DELETE) this.#cut(this.#startOfLastCharacter());
    else if (byte >= 0x20) this.#add(byte);
    return 'more';
  }

  #add(byte: number): void {
    if (this.#length === MAX_BYTES) throw new PromptEndedError('too-long');
    this.#bytes[this.#length++] = byte;
  }

  #startOfLastCharacter(): number {
    let start = this.#length - 1;
    while (start > 0 && ((this.#bytes[start] ?? 0) & 0xc0) === 0x80) start--;
    return Math.max(0, start);
  }

  #cut(length: number): void {
    this.#bytes.fill(0, length, this.#length);
    this.#length = length;
  }

  /** What was typed, in a buffer of its own that the caller wipes. */
  copy(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.#length);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  wipe(): void {
    this.#bytes.fill(0);
  }
}

/** Asks questions at a terminal, standard input if no other is given. Bytes typed ahead belong to the next question. */
export class UnseenPrompt {
  readonly #terminal: ReadStream;
  #pending: Buffer[] = [];

  constructor(terminal: ReadStream = process.stdin) {
    this.#terminal = terminal;
  }

  /**
   * Shows the question on stderr. The caller wipes what comes back.
   *
   * @throws {PromptEndedError} at Ctrl-C, at Ctrl-D on an empty line, and at the end of the terminal.
   */
  async ask(question: string): Promise<Buffer> {
    const line = new TypedLine();
    // Before the question is shown, so that not even the fastest answer is echoed.
    this.#terminal.setRawMode(true);
    try {
      process.stderr.write(question);
      const ended = await this.#readLine(line);
      if (ended !== 'done') throw new PromptEndedError(ended);
      return line.copy();
    } finally {
      line.wipe();
      this.#terminal.setRawMode(false);
      this.#terminal.pause();
      process.stderr.write('\n');
    }
  }

  async #readLine(line: TypedLine): Promise<'done' | 'interrupted' | 'nothing' | 'hung-up'> {
    for (;;) {
      const chunk = this.#pending.shift() ?? (await nextChunk(this.#terminal));
      if (chunk === undefined) return 'hung-up';
      for (let at = 0; at < chunk.length; at++) {
        const next = line.take(chunk[at] ?? 0);
        chunk[at] = 0;
        if (next === 'more') continue;
        if (at + 1 < chunk.length) this.#pending.unshift(chunk.subarray(at + 1));
        return next;
      }
    }
  }
}

const nextChunk = (terminal: ReadStream): Promise<Buffer | undefined> =>
  new Promise((resolve) => {
    const settle = (chunk?: Buffer): void => {
      terminal.off('data', settle);
      terminal.off('end', end);
      terminal.off('error', end);
      terminal.pause();
      resolve(chunk);
    };
    const end = (): void => settle();
    terminal.on('data', settle);
    terminal.on('end', end);
    terminal.on('error', end);
    terminal.resume();
  });
