// What the kernel tells of one process. proc_pid_stat(5), proc_pid_status(5)

import { readFileSync } from 'node:fs';

/** One process, alive or dead but not yet collected. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parent: number;
  /** The pid of the session's leader; 0 if it is not in this pid namespace. */
  readonly session: number;
  /** Clock ticks since boot; tells a process from another that had the same pid. */
  readonly startTicks: bigint;
  readonly hasEnded: boolean;
}

const ENDED = new Set(['Z', 'X', 'x']);

/**
 * Reads the text of `/proc/PID/stat`. The name of a process may hold anything, spaces and parentheses too: the fields count
 * from the last one that closes.
 *
 * @returns undefined if it is not in the kernel's form
 */
export const parseStat = (text: string): ProcessEntry | undefined => {
  const nameEnd = text.lastIndexOf(')');
  const pid = /^\d+ \(/.test(text) ? Number.parseInt(text, 10) : 0;
  const [state = '', ...numbers] = text
    .slice(nameEnd + 2)
    .trimEnd()
    .split(' ');
  const [parent, , session] = numbers.map(Number);
  const startTicks = numbers[18];
  if (pid === 0 || nameEnd < 0 || parent === undefined || session === undefined) return undefined;
  if (startTicks === undefined || !/^\d+$/.test(startTicks)) return undefined;
  return { pid, parent, session, startTicks: BigInt(startTicks), hasEnded: ENDED.has(state) };
};

/** The text of a file of /proc; undefined if the process is gone or hidden (hidepid). */
const readProcess = (pid: number | 'self', file: string): string | undefined => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'latin1');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(code)) return undefined;
    throw error;
  }
};

/** Looks at a process; undefined if there is none, or none that this process may see. */
export const readProcessEntry = (pid: number | 'self'): ProcessEntry | undefined => {
  const text = readProcess(pid, 'stat');
  return text === undefined ? undefined : parseStat(text);
};

/** The real uid of a process. */
export const readProcessUid = (pid: number): number | undefined => {
  const uid = /^Uid:\s+(\d+)/m.exec(readProcess(pid, 'status') ?? '')?.[1];
  return uid === undefined ? undefined : Number(uid);
};
