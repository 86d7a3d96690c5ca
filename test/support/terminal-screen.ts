// A program on a terminal of its own, looked at and typed at from outside. tmux(1)

import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram, runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';

const PATIENCE_MS = 30_000;
const LOOK_EVERY_MS = 50;

export interface TerminalScreen {
  /** Waits until what can be read fits; gives it. */
  readonly shows: (pattern: RegExp) => Promise<string>;
  /** The same with its colours and attributes, as escape sequences. */
  readonly painted: () => Promise<string>;
  /** Presses keys, by the names that tmux gives them. */
  readonly press: (...keys: readonly string[]) => Promise<void>;
  /** Types text as it is. */
  readonly type: (text: string) => Promise<void>;
  readonly resize: (columns: number, rows: number) => Promise<void>;
}

/** Starts the program, and shows `ended with CODE` when it is over; it ends when `scratch` ends. */
export const startOnTerminal = async (
  scratch: Scratch,
  command: readonly string[],
  env: Readonly<Record<string, string>>,
  size: { readonly columns: number; readonly rows: number } = { columns: 200, rows: 40 },
): Promise<TerminalScreen> => {
  // A server of its own: nothing of another tmux is seen or changed.
  const socket = path.join(scratch.directory(), 'tmux');
  const tmux = (...args: readonly string[]): Promise<string> =>
    runToSuccess('tmux', ['-S', socket, '-f', '/dev/null', ...args]);
  const variables = Object.entries({ LC_ALL: 'C.UTF-8', ...env }).flatMap(([name, value]) => [
    '-e',
    `${name}=${value}`,
  ]);
  const shell = ['sh', '-c', '"$@"; echo "ended with $?"; exec sleep 600', 'sh'];
  await tmux(
    'new-session',
    '-d',
    '-x',
    String(size.columns),
    '-y',
    String(size.rows),
    ...variables,
    '--',
    ...shell,
    ...command,
  );
  scratch.atEnd(() => runProgram('tmux', ['-S', socket, 'kill-server']));
  return {
    shows: async (pattern) => {
      const deadline = Date.now() + PATIENCE_MS;
      for (;;) {
        const seen = await tmux('capture-pane', '-p');
        if (pattern.test(seen)) return seen;
        if (Date.now() > deadline) throw new Error(`the screen never showed ${pattern}, but:\n${seen}`);
        await sleep(LOOK_EVERY_MS);
      }
    },
    painted: () => tmux('capture-pane', '-p', '-e'),
    press: async (...keys) => {
      await tmux('send-keys', ...keys);
    },
    type: async (typed) => {
      await tmux('send-keys', '-l', typed);
    },
    resize: async (columns, rows) => {
      await tmux('resize-window', '-x', String(columns), '-y', String(rows));
    },
  };
};
