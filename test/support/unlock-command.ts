// `bin/chatelaine-unlock` as it stands in a checkout.

import path from 'node:path';
import { keyOptions } from './mandos-machine.ts';
import { type Finished, type RunOptions, runProgram } from './run-program.ts';

const program = path.join(import.meta.dirname, '..', '..', 'bin', 'chatelaine-unlock');

/** Runs it. Without a password it never ends by itself: then it is stopped after `patienceMs`. */
export const runUnlock = (args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
  runProgram(program, args, { patienceMs: 20_000, ...options });

/** Gets the password with the keys in a directory from servers on this machine. */
export const unlockFrom = (
  keyDirectory: string,
  ports: readonly number[],
  more: readonly string[] = [],
  options: RunOptions = {},
): Promise<Finished> => {
  const servers = ports.map((port) => `--connect=127.0.0.1:${port}`);
  return runUnlock(['--interface=none', ...servers, '--retry=1', ...keyOptions(keyDirectory), ...more], options);
};
