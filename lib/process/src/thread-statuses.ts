// What the kernel says of each thread of this process. proc(5)

import { readdirSync, readFileSync } from 'node:fs';

/** The text of each thread's `status`; a thread that ends while they are read is left out. */
export const threadStatuses = (): readonly string[] =>
  readdirSync('/proc/self/task').flatMap((task) => {
    try {
      return [readFileSync(`/proc/self/task/${task}/status`, 'utf8')];
    } catch (error) {
      if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
      throw error;
    }
  });
