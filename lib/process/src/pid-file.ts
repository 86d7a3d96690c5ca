// The PID file. Invariant: of one file at most one live process is the holder, which a lock shows: the kernel releases it however
// the process ends, so that nothing is guessed from a number that may have been given to another process. flock(2)

import {
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { libc } from './libc.ts';

const LOCK_EXCLUSIVE_NOW = 2 | 4;
const tries = 10;

/** Another live process holds the PID file. */
export class AlreadyRunningError extends Error {
  override readonly name = 'AlreadyRunningError';
  readonly pid: number;

  constructor(path: string, pid: number) {
    super(`it runs already as process ${pid} (${path})`);
    this.pid = pid;
  }
}

/** A PID file that is held. */
export interface PidFile {
  /** Removes it. Doing it twice is harmless. */
  remove(): void;
}

const inodeOf = (path: string): number | undefined => statSync(path, { throwIfNoEntry: false })?.ino;

/** The process that is named in the file, if it lives and is of our uid. */
const liveHolder = (descriptor: number): number | undefined => {
  const pid = Number.parseInt(readFileSync(descriptor, 'utf8').slice(0, 16), 10);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    return new RegExp(`^Uid:\\s+${process.getuid?.()}\\s`, 'm').test(status) && !/^State:\s+[ZX]/m.test(status)
      ? pid
      : undefined;
  } catch {
    return undefined;
  }
};

const unlinkIfPresent = (path: string): void => {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
};

/** A locked descriptor of the file at `path`, or `undefined` if it changed meanwhile and must be tried again. */
const tryToHold = (path: string): number | undefined => {
  const descriptor = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o644);
  let isHeld = false;
  try {
    if (libc().flock(descriptor, LOCK_EXCLUSIVE_NOW) === 0) {
      // Its holder may have removed it between our opening and our lock; then the lock is on a file that is gone.
      isHeld = inodeOf(path) === fstatSync(descriptor).ino;
      return isHeld ? descriptor : undefined;
    }
    const pid = liveHolder(descriptor);
    if (pid !== undefined) throw new AlreadyRunningError(path, pid);
    // Everybody may read the file, and so lock it. Such a lock is worth nothing: a new file has none.
    unlinkIfPresent(path);
    return undefined;
  } finally {
    if (!isHeld) closeSync(descriptor);
  }
};

/**
 * Writes this process's id, 0644, and holds the file until `remove` or the end of the process. One that a dead process left is
 * replaced. To be called by the account that owns the directory, after it gave up root.
 *
 * @throws {AlreadyRunningError} if a live process of this account holds it.
 */
export const writePidFile = (path: string): PidFile => {
  let descriptor: number | undefined;
  for (let left = tries; descriptor === undefined && left > 0; left -= 1) descriptor = tryToHold(path);
  if (descriptor === undefined) throw new Error(`the PID file ${path} could not be held`);
  const held = descriptor;
  ftruncateSync(held, 0);
  writeSync(held, `${process.pid}\n`, 0);
  fchmodSync(held, 0o644);
  let isRemoved = false;
  return {
    remove: () => {
      if (isRemoved) return;
      isRemoved = true;
      // Still locked: nobody else can have taken the name unless ours was removed by hand.
      if (inodeOf(path) === fstatSync(held).ino) unlinkIfPresent(path);
      closeSync(held);
    },
  };
};
