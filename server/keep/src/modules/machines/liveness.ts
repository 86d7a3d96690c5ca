// How long a machine is served without a sign of life. Every function is pure: a state, what happened, the moment, and out
// comes the next state. The end of a machine's time is an absolute moment on record, and once it has passed it stays so until
// a person enables the machine.
//
// Strict rules: only a check that began before the end, and succeeded, moves it; handing out a secret moves it once for each
// such check, so that nobody gains time by fetching again; a restart moves nothing.
// After the store was restored from a backup, no machine is alive by what the backup says: it waits for a check that succeeds, or
// for a person.
// Rules of Mandos, for machines with `compat = "mandos"`: every secret handed out sets the end anew, and so does every start
// of the server. mandos-clients.conf(5), `timeout`, `extended_timeout`.

import { createHash } from 'node:crypto';
import { machines } from '@chatelaine/contract';

/** What is on record about a machine's time. */
export interface Liveness {
  /** When its time runs out, wall clock. */
  readonly expiresAtUnixMs: number;
  /** When it ran out; stays until a person enables the machine. */
  readonly expiredAtUnixMs?: number | undefined;
  readonly lastCheckedOkAtUnixMs?: number | undefined;
  /** Exit status of the last check; -1: ended by a signal; -2: there was none. */
  readonly lastCheckerStatus: number;
  /** When a secret handed out extended the time; gone after the next successful check. Strict rules. */
  readonly extendedAtUnixMs?: number | undefined;
  /** The run of the keep in which this was written. Rules of Mandos. */
  readonly runAtUnixMs: number;
  /** The epoch of the store in which this was written; absent: the first. */
  readonly epoch?: number | undefined;
  /** When the store was restored, if there was no sign of life since. */
  readonly restoredAtUnixMs?: number | undefined;
}

/** The run of the keep: what a restart does to machines with the rules of Mandos depends on it. */
export interface Run {
  readonly startedAtUnixMs: number;
  /** Of the store; absent: the first. */
  readonly epoch?: { readonly number: number; readonly startedAtUnixMs: number };
}

const epochOf = ({ epoch }: Run): { readonly epoch?: number } =>
  epoch === undefined || epoch.number === 0 ? {} : { epoch: epoch.number };

type Settings = machines.MachineSettings;

/** Who it is and how it is treated. */
export interface Timed {
  readonly name: string;
  readonly enabled: boolean;
  readonly settings: Settings;
}

/**
 * How long after a start the first check of a machine is made: the same for a run however often it is asked, spread evenly
 * over the interval.
 */
export const firstCheckDelayMs = (name: string, intervalMs: number, run: Run): number => {
  const digest = createHash('sha256').update(`${run.startedAtUnixMs}/${name}`).digest();
  return Math.floor((digest.readUInt32BE(0) / 2 ** 32) * intervalMs);
};

const isMandos = (settings: Settings): boolean => settings.compat === 'mandos';

/** Time begins: the machine was enrolled. */
export const enrolled = ({ settings }: Timed, nowUnixMs: number, run: Run): Liveness => ({
  expiresAtUnixMs: nowUnixMs + settings.timeoutMs,
  lastCheckerStatus: machines.NO_CHECK_YET,
  runAtUnixMs: run.startedAtUnixMs,
  ...epochOf(run),
});

/** Time begins anew: a person enabled the machine. */
export const enabledAgain = ({ settings }: Timed, before: Liveness, nowUnixMs: number, run: Run): Liveness => {
  const { expiredAtUnixMs, extendedAtUnixMs, restoredAtUnixMs, ...rest } = before;
  const timeMs = isMandos(settings) ? 2 * settings.intervalMs : settings.timeoutMs;
  return { ...rest, expiresAtUnixMs: nowUnixMs + timeMs, runAtUnixMs: run.startedAtUnixMs, ...epochOf(run) };
};

/** What a start of the server does to a machine with the rules of Mandos. mandos(8): state is restored, time starts anew. */
const restarted = ({ name, settings }: Timed, state: Liveness, run: Run): Liveness => {
  const startedAt = run.startedAtUnixMs;
  const ranOut = state.expiresAtUnixMs <= startedAt;
  const wasFine = state.lastCheckedOkAtUnixMs !== undefined && state.lastCheckerStatus === 0;
  if (ranOut && !wasFine) return { ...state, expiredAtUnixMs: state.expiresAtUnixMs, runAtUnixMs: startedAt };
  const delayMs = firstCheckDelayMs(name, settings.intervalMs, run);
  return { ...state, expiresAtUnixMs: startedAt + delayMs + settings.intervalMs, runAtUnixMs: startedAt };
};

/** The state as it is at this moment: time that ran out has run out. Comes before everything else. */
export const settled = (machine: Timed, before: Liveness, nowUnixMs: number, run: Run): Liveness => {
  if (!machine.enabled || isExpired(before)) return before;
  if (isOfEarlierEpoch(before, run))
    return { ...before, ...epochOf(run), restoredAtUnixMs: run.epoch?.startedAtUnixMs };
  if (before.restoredAtUnixMs !== undefined) return before;
  const isNewRun = isMandos(machine.settings) && before.runAtUnixMs !== run.startedAtUnixMs;
  const state = isNewRun ? restarted(machine, before, run) : before;
  if (state.expiredAtUnixMs !== undefined || nowUnixMs < state.expiresAtUnixMs) return state;
  return { ...state, expiredAtUnixMs: state.expiresAtUnixMs };
};

/** Whether its time ran out. */
export const isExpired = (state: Liveness): boolean => state.expiredAtUnixMs !== undefined;

/** Whether this was written before the store was restored. */
export const isOfEarlierEpoch = (state: Liveness, { epoch }: Run): boolean => (state.epoch ?? 0) < (epoch?.number ?? 0);

/** Whether it may be served, as far as time goes. */
export const isAlive = (state: Liveness): boolean => !isExpired(state) && state.restoredAtUnixMs === undefined;

/** A check ended. A success of a machine that is disabled, or whose time ran out, is noted and changes nothing else. */
export const checked = (
  machine: Timed,
  before: Liveness,
  check: { readonly startedAtUnixMs: number; readonly status: number },
  nowUnixMs: number,
): Liveness => {
  if (check.status !== 0) return { ...before, lastCheckerStatus: check.status };
  const mandos = isMandos(machine.settings);
  // Dated by its start: the machine was there then, whatever happened since.
  const seenAtUnixMs = mandos ? nowUnixMs : Math.min(check.startedAtUnixMs, nowUnixMs);
  const noted: Liveness = {
    ...before,
    lastCheckerStatus: 0,
    lastCheckedOkAtUnixMs: Math.max(before.lastCheckedOkAtUnixMs ?? 0, seenAtUnixMs),
  };
  if (!machine.enabled || isExpired(before)) return noted;
  const expiresAtUnixMs = seenAtUnixMs + machine.settings.timeoutMs;
  if (before.restoredAtUnixMs !== undefined) {
    return { ...noted, expiresAtUnixMs, extendedAtUnixMs: undefined, restoredAtUnixMs: undefined };
  }
  if (mandos) return { ...noted, expiresAtUnixMs };
  const { extendedAtUnixMs } = noted;
  const isAfterExtension = extendedAtUnixMs === undefined || seenAtUnixMs > extendedAtUnixMs;
  return {
    ...noted,
    // Said, not left out: what is merged into a record must clear what was there.
    ...(isAfterExtension && { extendedAtUnixMs: undefined }),
    expiresAtUnixMs: Math.max(before.expiresAtUnixMs, expiresAtUnixMs),
  };
};

/** The secret is handed out: the machine boots and cannot be seen for a while. */
export const released = (machine: Timed, before: Liveness, nowUnixMs: number): Liveness => {
  const expiresAtUnixMs = nowUnixMs + machine.settings.extendedTimeoutMs;
  if (isMandos(machine.settings)) return { ...before, expiresAtUnixMs };
  if (before.extendedAtUnixMs !== undefined) return before;
  return {
    ...before,
    expiresAtUnixMs: Math.max(before.expiresAtUnixMs, expiresAtUnixMs),
    extendedAtUnixMs: nowUnixMs,
  };
};

/** The settings changed: another timeout moves the end by the difference. */
export const settingsChanged = (before: Liveness, from: Settings, to: Settings): Liveness => ({
  ...before,
  expiresAtUnixMs: before.expiresAtUnixMs + to.timeoutMs - from.timeoutMs,
});
