// A program on a terminal of its own, made by tmux: what is on the screen, and keys to press.

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';

const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 50;

export interface TmuxOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env: Readonly<Record<string, string>>;
}

export class TmuxScreen {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Starts a shell command on a screen. It ends when `scratch` ends. */
  static async start(scratch: Scratch, command: string, options: TmuxOptions): Promise<TmuxScreen> {
    const screen = new TmuxScreen(path.join(scratch.directory(), 'tmux'));
    const size = ['-x', String(options.columns), '-y', String(options.rows)];
    const env = Object.entries(options.env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    // The screen outlives the program, so that its last words can be read.
    await screen.#tmux(
      '-u',
      '-f',
      '/dev/null',
      'new-session',
      '-d',
      ...size,
      ...env,
      `${command}; echo "ended $?"; cat`,
    );
    scratch.atEnd(() => screen.#tmux('kill-server').catch(() => undefined));
    return screen;
  }

  #tmux(...args: readonly string[]): Promise<string> {
    return runToSuccess('tmux', ['-S', this.#socket, ...args], { env: { LC_ALL: 'C.UTF-8' } });
  }

  /** The lines of the screen, without colours and without what is blank at their end. */
  async lines(): Promise<readonly string[]> {
    return (await this.#tmux('capture-pane', '-p')).split('\n');
  }

  /** The same with its colours and attributes, as escape sequences. */
  async painted(): Promise<string> {
    return await this.#tmux('capture-pane', '-p', '-e');
  }

  /** Presses keys, by the names that tmux knows. */
  async press(...keys: readonly string[]): Promise<void> {
    await this.#tmux('send-keys', ...keys);
  }

  /** Types text as it is. */
  async type(text: string): Promise<void> {
    await this.#tmux('send-keys', '-l', text);
  }

  async resize(columns: number, rows: number): Promise<void> {
    await this.#tmux('resize-window', '-x', String(columns), '-y', String(rows));
  }

  /** Waits until a line of the screen fits; gives that line. */
  async until(pattern: RegExp): Promise<string> {
    const lines = await this.untilScreen((shown) => shown.some((line) => pattern.test(line)), String(pattern));
    return lines.find((line) => pattern.test(line)) ?? '';
  }

  /** Waits until the screen is as `fits` wants it; `what` names that if it does not come. */
  async untilScreen(fits: (lines: readonly string[]) => boolean, what: string): Promise<readonly string[]> {
    const deadline = Date.now() + PATIENCE_MS;
    for (;;) {
      const lines = await this.lines();
      if (fits(lines)) return lines;
      if (Date.now() > deadline) throw new Error(`${what} did not come on the screen:\n${lines.join('\n')}`);
      await sleep(LOOK_EVERY_MS);
    }
  }
}
