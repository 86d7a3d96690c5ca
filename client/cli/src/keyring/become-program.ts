// Becomes another program that finds secrets at its file descriptors. Invariants: a secret is in a pipe and nowhere else, not in an
// argument, the environment or a file; it can be read once; nothing of ours is left running. pipe(7), dup2(2), execvp(3)

import { createRequire } from 'node:module';

/** A pipe takes this much before anybody reads, on every Linux. */
const MAX_PIPED_BYTES = 65_536;

const F_SETFD = 2;
const F_DUPFD_CLOEXEC = 1_030;
const O_CLOEXEC = 0o2_000_000;
const SIGPIPE = 13;
const SIG_DFL = 0;
const ENOENT = 2;

interface Libc {
  readonly pipe2: (ends: Int32Array, flags: number) => number;
  readonly write: (descriptor: number, bytes: Uint8Array, size: number) => number;
  readonly close: (descriptor: number) => number;
  readonly dup2: (from: number, to: number) => number;
  readonly fcntl: (descriptor: number, command: number, type: 'int', argument: number) => number;
  readonly signal: (signal: number, action: number) => number;
  readonly execvp: (file: string, args: readonly (string | null)[]) => number;
  readonly _exit: (code: number) => never;
  readonly errno: () => number;
}

const bindLibc = (): Libc => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const c = koffi.load(null);
  return {
    pipe2: c.func('int pipe2(int *, int)'),
    write: c.func('intptr_t write(int, const void *, size_t)'),
    close: c.func('int close(int)'),
    dup2: c.func('int dup2(int, int)'),
    fcntl: c.func('int fcntl(int, int, ...)'),
    signal: c.func('intptr_t signal(int, intptr_t)'),
    execvp: c.func('int execvp(const char *, const char **)'),
    _exit: c.func('void _exit(int)') as unknown as (code: number) => never,
    errno: () => koffi.errno(),
  };
};

/** A secret, and the descriptor at which the program finds it. */
export interface HandedSecret {
  readonly descriptor: number;
  /** At most 65,536 bytes; wiped as soon as it is in the pipe. */
  readonly secret: Uint8Array;
}

/** The reading end of a pipe that holds the secret, at a descriptor of at least `least`. */
const pipeWith = (c: Libc, secret: Uint8Array, least: number): number => {
  const ends = new Int32Array(2);
  if (secret.length > MAX_PIPED_BYTES) throw new RangeError('a secret for a pipe is at most 65,536 bytes');
  if (c.pipe2(ends, O_CLOEXEC) !== 0) throw new Error(`a pipe could not be made: errno ${c.errno()}`);
  const [reading = -1, writing = -1] = ends;
  try {
    if (secret.length > 0 && c.write(writing, secret, secret.length) !== secret.length) {
      throw new Error(`the secret could not be written: errno ${c.errno()}`);
    }
    const moved = c.fcntl(reading, F_DUPFD_CLOEXEC, 'int', least);
    if (moved < 0) throw new Error(`a descriptor could not be made: errno ${c.errno()}`);
    return moved;
  } finally {
    secret.fill(0);
    c.close(writing);
    c.close(reading);
  }
};

/**
 * Becomes `command`, found along PATH. If that is impossible it says so and ends: descriptors of this process may have been replaced
 * by then, so that nothing else is safe to do.
 *
 * @param failureCode the exit code in that case.
 */
export const becomeProgram = (
  command: readonly [string, ...string[]],
  secrets: readonly HandedSecret[],
  failureCode: number,
): never => {
  const c = bindLibc();
  const above = 1 + Math.max(2, ...secrets.map(({ descriptor }) => descriptor));
  const pipes = secrets.map(({ descriptor, secret }) => ({ descriptor, pipe: pipeWith(c, secret, above) }));
  const stderr = c.fcntl(2, F_DUPFD_CLOEXEC, 'int', above);
  for (const { descriptor, pipe } of pipes) {
    // The copy stays open across exec.
    if (c.dup2(pipe, descriptor) < 0) c._exit(failureCode);
    c.fcntl(descriptor, F_SETFD, 'int', 0);
  }
  // Node.js marks them all to be closed.
  for (const descriptor of [0, 1, 2]) c.fcntl(descriptor, F_SETFD, 'int', 0);
  // Node.js ignores it, which a program would inherit.
  c.signal(SIGPIPE, SIG_DFL);
  c.execvp(command[0], [...command, null]);
  const why = c.errno() === ENOENT ? 'is not there' : `cannot be run: errno ${c.errno()}`;
  const words = Buffer.from(`chatelaine: ${command[0]} ${why}.\n`);
  c.write(stderr, words, words.length);
  return c._exit(failureCode);
};
