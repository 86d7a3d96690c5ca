// A command that finds a machine's token in a file, which is nowhere in a directory: it is in memory (tmpfs(5)), the command has it
// open at a descriptor, and `/dev/fd/3` reads it as often as it likes. Before a token ends there is a new one in its place; all
// are of one length. open(2), O_TMPFILE

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { Failure } from '../failure.ts';
import { say } from '../terminal/output.ts';
import { logInAsMachine, type MachineAtServer } from './log-in.ts';

const MEMORY = '/dev/shm';
const O_TMPFILE = 0o20_200_000;
const O_RDWR = 2;
const DESCRIPTOR = 3;
/** A fault of the network is over by then, mostly. */
const TRY_AGAIN_MS = 10_000;
const forwarded: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'];

const openInMemory = (): number => {
  try {
    return openSync(MEMORY, O_TMPFILE | O_RDWR, 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure('configuration', `There is no memory for the token in ${MEMORY}: ${code}.`);
  }
};

const put = (file: number, token: Uint8Array): void => {
  writeSync(file, token, 0, token.length, 0);
  token.fill(0);
};

/** Puts a new token in place of each before it ends, until it is told to stop. */
const keepFresh = (file: number, machine: MachineAtServer): (() => void) => {
  let timer: NodeJS.Timeout;
  let isFailing = false;
  const renewAfter = (ms: number): void => {
    timer = setTimeout(() => void renew(), ms);
  };
  const renew = async (): Promise<void> => {
    try {
      put(file, await logInAsMachine(machine));
      isFailing = false;
      renewAfter(machine.lifeMs / 2);
    } catch (error) {
      if (!isFailing) say(`chatelaine: no new token: ${(error as Error).message}`);
      isFailing = true;
      renewAfter(Math.min(TRY_AGAIN_MS, machine.lifeMs / 2));
    }
  };
  renewAfter(machine.lifeMs / 2);
  return () => clearTimeout(timer);
};

/**
 * Runs a command with a token, and ends as it ends. In its environment are `CHATELAINE_TOKEN_FILE`, and `CHATELAINE_SERVER`.
 *
 * @param token is wiped
 * @returns the exit code of the command; 128 and the number of a signal that ended it
 */
export const runWithToken = async (
  [program, ...args]: readonly [string, ...string[]],
  token: Uint8Array,
  machine: MachineAtServer,
): Promise<number> => {
  const file = openInMemory();
  put(file, token);
  const readable = openSync(`/proc/self/fd/${file}`, 'r');
  const { NODE_COMPILE_CACHE: _, ...environment } = process.env;
  const child = spawn(program, args, {
    stdio: ['inherit', 'inherit', 'inherit', readable],
    env: {
      ...environment,
      CHATELAINE_SERVER: machine.server.origin,
      CHATELAINE_TOKEN_FILE: `/dev/fd/${DESCRIPTOR}`,
    },
  });
  const stop = keepFresh(file, machine);
  const forward = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of forwarded) process.on(signal, forward);
  try {
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return code ?? 128 + constants.signals[signal ?? 'SIGTERM'];
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Failure('usage', `${program} ${code === 'ENOENT' ? 'is not there' : `cannot be run: ${code}`}.`);
  } finally {
    for (const signal of forwarded) process.off(signal, forward);
    stop();
    closeSync(readable);
    closeSync(file);
  }
};
