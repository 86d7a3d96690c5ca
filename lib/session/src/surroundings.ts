// Where a process runs: on which machine, since which boot, in which container, as whom, and below which shells. All of it is
// public; it binds a key to a place and hides nothing.
//
// A shell is told by the leader of its session (setsid(2)): `exec`, scripts, pipes and background jobs stay in it, a new
// terminal, a pane of tmux, and ssh do not. What runs below the shell in a session of its own, as sudo and script(1) make
// one, is led back to it by its ancestors.

import { readFileSync, readlinkSync } from 'node:fs';
import { type ProcessEntry, readProcessEntry, readProcessUid } from './process-entry.ts';

/** The leader of a session: the shell. */
export interface Leader {
  readonly pid: number;
  /** Clock ticks since boot. */
  readonly startTicks: bigint;
  /** Its real uid. */
  readonly uid: number;
}

/** The facts that a token is bound to. */
export interface Surroundings {
  readonly bootId: string;
  /** 32 hexadecimal digits, or 32 zeros where the machine has none. */
  readonly machineId: string;
  readonly pidNamespace: string;
  /** The effective uid. */
  readonly uid: number;
  /** The leader of this process's own session, if it is alive and may be used by this uid. */
  readonly shell: Leader | undefined;
  /** Every leader that may be used, the nearest first. */
  readonly leaders: readonly Leader[];
  /** Whether that very leader still runs, as far as this process can see. */
  readonly isAlive: (leader: Leader) => boolean;
}

const MAX_STEPS = 64;
const NO_MACHINE_ID = '0'.repeat(32);

const readMachineId = (): string => {
  try {
    const id = readFileSync('/etc/machine-id', 'latin1').trim();
    return /^[0-9a-f]{32}$/.test(id) ? id : NO_MACHINE_ID;
  } catch {
    return NO_MACHINE_ID;
  }
};

const leaderEntry = (pid: number): ProcessEntry | undefined => {
  const entry = readProcessEntry(pid);
  return entry === undefined || entry.hasEnded || entry.session !== pid ? undefined : entry;
};

const readLeader = (pid: number, uid: number): Leader | undefined => {
  const entry = leaderEntry(pid);
  const owner = entry === undefined ? undefined : readProcessUid(pid);
  if (entry === undefined || owner === undefined || (uid !== 0 && uid !== owner)) return undefined;
  return { pid, startTicks: entry.startTicks, uid: owner };
};

/** The sessions of this process and its ancestors, the nearest first. Nothing is bound to the machine's own init. */
const sessionsUpwards = (self: ProcessEntry): ReadonlySet<number> => {
  const sessions = new Set<number>();
  let entry: ProcessEntry | undefined = self;
  for (let step = 0; step < MAX_STEPS && entry !== undefined; step++) {
    if (entry.session > 0) sessions.add(entry.session);
    entry = entry.parent > 1 ? readProcessEntry(entry.parent) : undefined;
  }
  return sessions;
};

/** Looks around, from this process. Throws where there is no /proc. */
export const readSurroundings = (): Surroundings => {
  const self = readProcessEntry('self');
  if (self === undefined || process.geteuid === undefined) throw new Error('this system tells nothing in /proc');
  const uid = process.geteuid();
  const leaders = [...sessionsUpwards(self)].flatMap((pid) => readLeader(pid, uid) ?? []);
  return {
    bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim(),
    machineId: readMachineId(),
    pidNamespace: /\d+/.exec(readlinkSync('/proc/self/ns/pid'))?.[0] ?? '0',
    uid,
    shell: leaders.find(({ pid }) => pid === self.session),
    leaders,
    isAlive: ({ pid, startTicks }) => leaderEntry(pid)?.startTicks === startTicks,
  };
};
