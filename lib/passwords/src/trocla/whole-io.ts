// Reads and writes that do not stop half-way, on an open file; and what a file needs beside itself.

import { closeSync, constants, fsyncSync, openSync, readSync, writeSync } from 'node:fs';

/** Everything from `position` to `end`. */
export const readRange = (descriptor: number, position: number, end: number): Buffer => {
  const bytes = Buffer.allocUnsafeSlow(Math.max(0, end - position));
  let done = 0;
  while (done < bytes.length) {
    const read = readSync(descriptor, bytes, done, bytes.length - done, position + done);
    if (read === 0) break;
    done += read;
  }
  return bytes.subarray(0, done);
};

/** All of `bytes`, from `position` on. */
export const writeAll = (descriptor: number, bytes: Uint8Array, position: number): void => {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(descriptor, bytes, done, bytes.length - done, position + done);
  }
};

/** Where the recovery copy of a file lies. */
export const recoveryPath = (file: string): string => `${file}.chatelaine-recovery`;

/** Makes additions to and removals from a directory durable. */
export const syncDirectory = (directory: string): void => {
  const descriptor = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
};
