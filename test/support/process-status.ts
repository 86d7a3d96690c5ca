// What the kernel says of a process. proc(5)

import { readdirSync, readFileSync, statSync } from 'node:fs';

/** One thread, by the names of /proc/PID/status. */
export interface ThreadStatus {
  /** Real, effective, saved and file-system id. */
  readonly uids: readonly number[];
  readonly gids: readonly number[];
  readonly groups: readonly number[];
  readonly hasNoNewPrivileges: boolean;
  /** Permitted, effective and ambient together. */
  readonly capabilities: bigint;
  /** Octal, as `0077`. */
  readonly umask: string;
}

/** A process. */
export interface ProcessStatus {
  readonly threads: readonly ThreadStatus[];
  /** The largest core dump, soft and hard. */
  readonly coreLimits: readonly string[];
  /** Whose its memory is for /proc: root's if the process is not dumpable, its own account's otherwise. */
  readonly memoryOwner: number;
}

const threadStatus = (text: string): ThreadStatus => {
  const field = (name: string): string => new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1]?.trim() ?? '';
  const numbers = (name: string): readonly number[] => field(name).split(/\s+/).filter(Boolean).map(Number);
  return {
    uids: numbers('Uid'),
    gids: numbers('Gid'),
    groups: numbers('Groups'),
    hasNoNewPrivileges: field('NoNewPrivs') === '1',
    capabilities: ['CapPrm', 'CapEff', 'CapAmb'].reduce((all, name) => all | BigInt(`0x${field(name)}`), 0n),
    umask: field('Umask'),
  };
};

/** Reads it. Root only, if the process is not one's own. */
export const readProcessStatus = (pid: number): ProcessStatus => ({
  threads: readdirSync(`/proc/${pid}/task`).map((task) =>
    threadStatus(readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8')),
  ),
  coreLimits:
    /^Max core file size\s+(\S+)\s+(\S+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.slice(1, 3) ?? [],
  memoryOwner: statSync(`/proc/${pid}/mem`).uid,
});
