// The terminal as a screen: a buffer of its own, so that what was there before comes back; keys as they are pressed; and
// only the lines that changed are written. The terminal is left as it was found, however the command ends.
// xterm's control sequences, "DECSET" 25, 1049 and 2026

import type { ReadStream, WriteStream } from 'node:tty';
import { decodeKeys, type Key } from './decode-keys.ts';

const ENTER = '\u001b[?1049h\u001b[?25l\u001b[2J';
const LEAVE = '\u001b[0m\u001b[?25h\u001b[?1049l';
const BEGIN_FRAME = '\u001b[?2026h';
const END_FRAME = '\u001b[?2026l';

export interface ScreenEvents {
  readonly pressed: (key: Key) => void;
  /** The size is another, or the screen has to be drawn anew. */
  readonly resized: () => void;
}

export class TerminalScreen {
  readonly #input: ReadStream;
  readonly #output: WriteStream;
  readonly #events: ScreenEvents;
  #shown: readonly string[] = [];
  #isOn = false;
  readonly #onData = (chunk: Buffer): void => {
    for (const key of decodeKeys(chunk.toString())) this.#events.pressed(key);
  };
  readonly #onResize = (): void => {
    this.redraw();
    this.#events.resized();
  };
  readonly #onContinue = (): void => {
    this.on();
    this.#events.resized();
  };
  readonly #onExit = (): void => this.off();

  constructor(input: ReadStream, output: WriteStream, events: ScreenEvents) {
    this.#input = input;
    this.#output = output;
    this.#events = events;
  }

  get columns(): number {
    return this.#output.columns;
  }

  get rows(): number {
    return this.#output.rows;
  }

  /** Takes the terminal. */
  on(): void {
    this.#isOn = true;
    this.#shown = [];
    this.#input.setRawMode(true);
    this.#input.on('data', this.#onData).resume();
    this.#output.on('resize', this.#onResize);
    process.once('exit', this.#onExit);
    this.#output.write(ENTER);
  }

  /** Gives it back. */
  off(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.#output.write(LEAVE);
    this.#output.off('resize', this.#onResize);
    process.off('exit', this.#onExit);
    this.#input.off('data', this.#onData).pause();
    this.#input.setRawMode(false);
  }

  /** Stops the process as Ctrl-Z does elsewhere, and takes the terminal again afterwards. */
  suspend(): void {
    this.off();
    process.once('SIGCONT', this.#onContinue);
    process.kill(process.pid, 'SIGTSTP');
  }

  /** Everything is written anew next time. */
  redraw(): void {
    this.#shown = [];
  }

  /** Shows these lines, each as wide as the screen. */
  show(lines: readonly string[]): void {
    if (!this.#isOn) return;
    const changed = lines.flatMap((line, at) => (line === this.#shown[at] ? [] : [`\u001b[${at + 1};1H${line}`]));
    this.#shown = lines;
    if (changed.length > 0) this.#output.write(`${BEGIN_FRAME}${changed.join('')}${END_FRAME}`);
  }
}
