// A person at a terminal: bash on a pseudo-terminal of its own, that is typed into. Closing it hangs the terminal up.

import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

const driver = `
import os, pty, select, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
while True:
    ready, _, _ = select.select([0, terminal], [], [])
    if terminal in ready:
        try:
            shown = os.read(terminal, 65536)
        except OSError:
            shown = b""
        if not shown:
            break
        os.write(1, shown)
    if 0 in ready:
        typed = os.read(0, 65536)
        if not typed:
            break
        os.write(terminal, typed)
os.close(terminal)
os.waitpid(pid, 0)
`;

const PATIENCE_MS = 30_000;
/** Never typed as it is, so that an echo cannot be taken for it. */
const MARK = '\x1e';

/** What a command of the shell did: all it showed, and its exit code. */
export interface Shown {
  readonly text: string;
  readonly code: number;
}

/** One terminal. */
export class PtyShell implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  #shown = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    child.stdout.on('data', (part: Buffer) => {
      this.#shown += part.toString('latin1');
    });
    child.stdin.on('error', () => undefined);
    child.stderr.resume();
  }

  /**
   * Opens a terminal.
   *
   * @param enter a program and its arguments, which run what follows them, such as nsenter
   * @param shell what runs on the terminal
   */
  static async open(enter: readonly string[], shell: readonly string[]): Promise<PtyShell> {
    const [program = '', ...args] = [...enter, '/usr/bin/python3', '-c', driver, ...shell];
    const terminal = new PtyShell(spawn(program, args, { stdio: 'pipe' }));
    await terminal.settle();
    return terminal;
  }

  /** Makes a shell that was just begun on this terminal one that can be talked to. */
  async settle(): Promise<void> {
    this.type(`stty -echo; PS1=; PS2=; printf '\\036ready\\036'\n`);
    await this.shows(`${MARK}ready${MARK}`);
  }

  /** Types, without waiting for anything. */
  type(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Waits until that is shown; gives what came before, and forgets it. */
  async shows(text: string | RegExp): Promise<string> {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
      const match = typeof text === 'string' ? this.#shown.indexOf(text) : this.#shown.search(text);
      if (match >= 0) {
        const before = this.#shown.slice(0, match);
        const found = typeof text === 'string' ? text : (text.exec(this.#shown)?.[0] ?? '');
        this.#shown = this.#shown.slice(match + found.length);
        return before.replaceAll('\r\n', '\n');
      }
      const left = until - Date.now();
      if (left <= 0 || this.#child.exitCode !== null) throw new Error(`the terminal shows: ${this.#shown}`);
      await this.#hears(left);
    }
  }

  /** Resolves when something more is shown, the terminal is closed, or the time is over. */
  async #hears(patienceMs: number): Promise<void> {
    const done = new AbortController();
    const { signal } = done;
    const waits = [once(this.#child.stdout, 'data', { signal }), once(this.#child, 'close', { signal })];
    await Promise.race([...waits, sleep(patienceMs, undefined, { signal })]).catch(() => undefined);
    done.abort();
    await Promise.allSettled(waits);
  }

  /** Runs a command line in the shell and waits for its end. */
  async run(command: string): Promise<Shown> {
    // On one line: sudo and ssh would take a second one for their own input.
    this.type(`${command}; printf '\\036%d\\036' "$?"\n`);
    const text = await this.shows(MARK);
    const code = await this.shows(MARK);
    return { text: text.trim(), code: Number(code) };
  }

  /** Hangs up. */
  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child;
    const end = exitCode === null && signalCode === null ? once(this.#child, 'close') : undefined;
    this.#child.stdin.end();
    await end;
  }
}
