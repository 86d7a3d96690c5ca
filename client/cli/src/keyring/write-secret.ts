// Secrets leave as bytes, by one system call after the other, so that no stream keeps a copy.

import { writeSync } from 'node:fs';

const WAIT_MS = 5;

const pause = (): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WAIT_MS);
};

/** Writes all of it to stdout. A reader that had enough is no error; false: it did not take all. */
export const writeSecret = (secret: Uint8Array): boolean => {
  for (let at = 0; at < secret.length; ) {
    try {
      at += writeSync(1, secret, at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
      pause();
    }
  }
  return true;
};
