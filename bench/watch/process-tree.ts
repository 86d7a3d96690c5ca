// What a process and everything it started has used. proc(5)

import { readdirSync, readFileSync } from 'node:fs';

const CLOCK_TICKS_PER_S = 100;

const childrenOf = (pid: number): readonly number[] =>
  readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').split(' ').filter(Boolean).map(Number),
  );

/** Processor time of a process, its descendants, and those of them that were waited for, in milliseconds. */
export const treeCpuMs = (pid: number): number => {
  try {
    // utime, stime, cutime, cstime
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
      .slice(11, 15);
    const ticks = fields.reduce((sum, field) => sum + Number(field), 0);
    return childrenOf(pid).reduce((sum, child) => sum + treeCpuMs(child), (ticks * 1_000) / CLOCK_TICKS_PER_S);
  } catch {
    // It ended meanwhile.
    return 0;
  }
};

/** Resident memory of one process, in MB. */
export const residentMb = (pid: number): number =>
  Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
