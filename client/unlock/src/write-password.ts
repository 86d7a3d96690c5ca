// The one place from which a password leaves: stdout, all of it or, if nobody takes it, an end with an error.

import { writeSync } from 'node:fs';
import { EndedError, exitCode } from './exit-code.ts';

const STDOUT = 1;
const PAUSE_MS = 5;

const pause = (ms: number): void => {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
};

/** Writes exactly these bytes, also into a pipe whose reader is slow. The caller wipes them. */
export const writePassword = (password: Uint8Array): void => {
  for (let done = 0; done < password.length; ) {
    try {
      done += writeSync(STDOUT, password, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EAGAIN') throw new EndedError(exitCode.system, `the password cannot be handed on: ${code}`);
      pause(PAUSE_MS);
    }
  }
};
