// Bounds how many processes an account may have, so that a checker that forks without end leaves the rest of the machine alone.
// setrlimit(2), RLIMIT_NPROC

import { createRequire } from 'node:module';

const RLIMIT_NPROC = 6;

/** Sets the limit for this process's account and everything it starts. Threads count too. Throws if the kernel refuses. */
export const limitProcesses = (most: number): void => {
  const koffi = createRequire(import.meta.url)('koffi') as typeof import('koffi');
  const setrlimit = koffi.load('libc.so.6').func('int setrlimit(int, const uint64_t *)');
  if (setrlimit(RLIMIT_NPROC, new BigUint64Array([BigInt(most), BigInt(most)])) !== 0) {
    throw new Error('the number of processes could not be limited');
  }
};
