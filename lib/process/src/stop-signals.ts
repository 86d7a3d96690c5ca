// How a process is asked to stop. Invariant: the first request is handled in peace, the second ends the process at once.

import { constants } from 'node:os';
import { notifySystemd } from './notify-ready.ts';

const stopSignals = ['SIGTERM', 'SIGINT'] as const;

/** A signal that asks a process to stop. */
export type StopSignal = (typeof stopSignals)[number];

/**
 * Calls `handler` at the first SIGTERM or SIGINT; a second one ends the process with 128 + its number. The handler ends the
 * process by letting go of what keeps it alive. If it fails, that is an uncaught error.
 *
 * @returns takes it back.
 */
export const onStopSignals = (handler: (signal: StopSignal) => void | Promise<void>): (() => void) => {
  let isStopping = false;
  const receive = (signal: StopSignal): void => {
    if (isStopping) process.exit(128 + constants.signals[signal]);
    isStopping = true;
    notifySystemd('STOPPING=1');
    void handler(signal);
  };
  for (const signal of stopSignals) process.on(signal, receive);
  return () => {
    for (const signal of stopSignals) process.off(signal, receive);
  };
};
