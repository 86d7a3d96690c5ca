// Without --foreground, the server goes on in the background and its starter ends when machines are served. What the server says
// besides its log goes to a file, which, unlike a terminal or a pipe, is never gone.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { Failure } from '../failure.ts';
import { claimInstance, instanceIn } from './instance-directory.ts';
import type { ServerOptions } from './server-options.ts';

/** The first word of the command line of the one in the background. */
export const IN_BACKGROUND = 'in-background';
/** Where it says that it is ready. */
export const READY_DESCRIPTOR = 3;

/** Starts it; gives the exit code. Until it is ready, what it says is said here, too. */
export const startInBackground = async (
  options: ServerOptions,
  words: readonly string[],
  say: (line: string) => void,
): Promise<number> => {
  const instance = instanceIn(options.stateDirectory);
  await claimInstance(instance, options, say);
  const file = join(instance.directory, 'last-words');
  const descriptor = openSync(file, 'w', 0o600);
  const program = process.argv[1] ?? '';
  const child = spawn(process.execPath, [...process.execArgv, program, IN_BACKGROUND, ...words], {
    stdio: ['ignore', descriptor, descriptor, 'pipe'],
    detached: true,
  });
  const ended = once(child, 'exit');
  const outcome = await Promise.race([once(child.stdio[READY_DESCRIPTOR] as Readable, 'data'), ended]);
  process.stderr.write(readFileSync(file));
  if (typeof outcome[0] !== 'number' && outcome[0] !== null) {
    child.unref();
    (child.stdio[READY_DESCRIPTOR] as Readable).destroy();
    return 0;
  }
  if (outcome[0] === null) throw new Failure('refused', `The server was ended by ${outcome[1]}.`);
  return outcome[0];
};
