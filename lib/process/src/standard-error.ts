// Standard error as a place for a log. Invariant: a reader that is gone or slow neither ends nor holds up the process.

import { writeSync } from 'node:fs';
import type { DestinationStream } from 'pino';

/** Writes at once, so that the last words of a process that ends are there. What cannot be written is dropped. */
export const standardError: DestinationStream = {
  write: (line) => {
    try {
      writeSync(2, line);
    } catch {
      // EAGAIN: a full pipe; EPIPE, EIO: nobody there. There is no other place to say so.
    }
  },
};
