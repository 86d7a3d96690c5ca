// What a machine's state is called wherever it is shown: one word for each, and when it was last heard of.

import { machines } from '@chatelaine/contract';
import type { Colour } from '../terminal/colour.ts';
import { formatRoughSpan } from '../terminal/moment.ts';
import type { MachineState } from './machine-states.ts';

/** The word for a machine. */
export const stateOf = (machine: machines.MachineView): MachineState => {
  if (machine.pendingRequests > 0) return 'waiting';
  if (machine.state !== 'enabled') return machine.state;
  if (machine.keyId === undefined) return 'legacy';
  const { lastCheckerStatus } = machine;
  return lastCheckerStatus !== 0 && lastCheckerStatus !== machines.NO_CHECK_YET ? 'silent' : 'enabled';
};

/** Whether a person who asks for machines of that state means this one; `enabled` also those that wait or are silent. */
export const isInState = (machine: machines.MachineView, state: MachineState): boolean =>
  stateOf(machine) === state || (state === 'enabled' && machine.state === 'enabled' && machine.keyId !== undefined);

const stateColours: Readonly<Record<MachineState, Colour | undefined>> = {
  waiting: 'attention',
  expired: 'bad',
  silent: 'attention',
  disabled: 'quiet',
  legacy: 'quiet',
  enabled: 'good',
};

export const colourOfState = (state: MachineState): Colour | undefined => stateColours[state];

/** How much longer it may be silent; absent if no time of it runs. */
export const timeLeftMs = (machine: machines.MachineView, nowUnixMs: number): number | undefined =>
  machine.state === 'enabled' && machine.expiresAtUnixMs !== undefined
    ? Math.max(0, machine.expiresAtUnixMs - nowUnixMs)
    : undefined;

/** `4m 58s`, or `-` if no time of it runs. */
export const formatTimeLeft = (machine: machines.MachineView, nowUnixMs: number): string => {
  const leftMs = timeLeftMs(machine, nowUnixMs);
  return leftMs === undefined ? '-' : formatRoughSpan(leftMs);
};

/** `3m 12s ago`, or `never`. */
export const formatAgo = (atUnixMs: number | undefined, nowUnixMs: number): string =>
  atUnixMs === undefined ? 'never' : `${formatRoughSpan(nowUnixMs - atUnixMs)} ago`;

/** How its last check ended. */
export const formatCheckerStatus = (status: number): string => {
  if (status === machines.NO_CHECK_YET) return 'none yet';
  if (status === 0) return 'it is alive';
  return status < 0 ? 'the checker was ended by a signal' : `the checker ended with ${status}`;
};
