// Looks at the machines: what is due begins when it is its turn, what ended is put into the outbox. Invariant: a machine
// whose check still runs is not looked at a second time; a checker that cannot be begun is tried again at its next turn, and
// said once for each machine and change. Decides nothing: what a result means is the keep's to say.

import { machines } from '@chatelaine/contract';
import type { Log } from '@chatelaine/process';
import { CheckQueue, type QueuedCheck } from './check-queue.ts';
import { CheckSchedule } from './check-schedule.ts';
import { type CheckerOrder, checkerOrder, isLookedAt } from './checker-order.ts';
import type { ReportOutbox } from './report-outbox.ts';
import type { EndAnswer } from './report-sender.ts';

/** How a check ended, or that it never began, which says nothing about the machine. */
export type Ending =
  | { readonly kind: 'ended'; readonly waitStatus: number }
  | { readonly kind: 'failed'; readonly reason: string };

/** Begins checks, somewhere else. */
export interface Checkers {
  /** Begins one; `ended` is called once, later. Returns how to stop it. */
  begin(order: Exclude<CheckerOrder, { readonly kind: 'wrong' }>, ended: (ending: Ending) => void): () => void;
}

export interface MachineChecksOptions {
  readonly checkers: Checkers;
  readonly outbox: ReportOutbox;
  readonly log: Log;
  /** Milliseconds that only go forward, suspended time included. */
  readonly now: () => number;
  readonly maxCheckers: number;
}

/** A check that takes longer gives its place to the next. */
const LONG_MS = 5_000;

/** So many checks that take long for each place. */
const LONG_PER_PLACE = 16;

/** A check that begins later than this after it was due is counted as late. */
const LATE_MS = 1_000;

interface Watched {
  readonly machine: machines.WatchedMachine;
  isWrongSaid: boolean;
  /** How the last check ended, as of wait(2); absent if the next is news in any case. */
  lastWaitStatus: number | undefined;
}

interface Running {
  readonly stop: () => void;
  isStopping: boolean;
  /** Its result is of no interest any more. */
  isForgotten: boolean;
}

/** Exit status, or -1 if a signal ended it. wait(2) */
const statusOf = (waitStatus: number): number => ((waitStatus & 0x7f) === 0 ? (waitStatus >> 8) & 0xff : -1);

export class MachineChecks {
  readonly #options: MachineChecksOptions;
  readonly #schedule = new CheckSchedule();
  readonly #queue: CheckQueue;
  readonly #machines = new Map<string, Watched>();
  readonly #running = new Map<string, Running>();
  #isStopped = false;

  constructor(options: MachineChecksOptions) {
    this.#options = options;
    const { maxCheckers } = options;
    this.#queue = new CheckQueue({ most: maxCheckers, longMs: LONG_MS, mostLong: LONG_PER_PLACE * maxCheckers });
  }

  get size(): number {
    return this.#machines.size;
  }

  get names(): Iterable<string> {
    return this.#machines.keys();
  }

  /**
   * Takes a machine as the keep describes it now.
   *
   * @param isRepeated the keep tells everything again: a check that is due sooner than it says stays where it is, so that
   *   a link that is lost again and again does not put checks off for ever
   */
  set(machine: machines.WatchedMachine, isRepeated: boolean): void {
    const { name, intervalMs, firstCheckInMs } = machine;
    const now = this.#options.now();
    const lastWaitStatus = this.#machines.get(name)?.lastWaitStatus;
    this.#machines.set(name, { machine, isWrongSaid: false, lastWaitStatus });
    this.#schedule.setEnd(name, machine.dueInMs, now);
    if (isLookedAt(machine)) {
      const present = isRepeated ? this.#schedule.nextCheckInMs(name, now) : undefined;
      const isSooner = present !== undefined && firstCheckInMs !== undefined && present <= firstCheckInMs;
      this.#schedule.setChecks(name, intervalMs, isSooner ? undefined : firstCheckInMs, now);
    } else {
      this.#schedule.clearChecks(name);
      this.#queue.drop(name);
    }
  }

  /** A machine is to be looked at no more. */
  delete(name: string): void {
    this.#machines.delete(name);
    this.#schedule.delete(name);
    this.stop(name);
  }

  /** Looks at a machine now, if no check of it runs. */
  start(name: string): void {
    const watched = this.#machines.get(name);
    if (watched === undefined || !isLookedAt(watched.machine)) return;
    watched.lastWaitStatus = undefined;
    this.#queue.add({ name, dueAtMs: this.#options.now() });
  }

  /** Stops the check of a machine; how it ends is told to nobody. */
  stop(name: string): void {
    this.#queue.drop(name);
    const running = this.#running.get(name);
    if (running === undefined || running.isForgotten) return;
    running.isForgotten = true;
    this.#stopRunning(running);
  }

  /** Takes the keep's answer about the end of a machine's time. */
  takeAnswer({ name, inMs, wasAsked }: EndAnswer): void {
    if (!this.#machines.has(name)) return;
    // What was told of the machine since the question is newer, and counts.
    if (wasAsked && this.#schedule.hasEnd(name)) return;
    if (inMs !== undefined) this.#schedule.setEnd(name, inMs, this.#options.now());
    else if (wasAsked) this.delete(name);
    // To a question the answer is certain.
    else this.#schedule.setEnd(name, 0, this.#options.now());
  }

  /** Does what is due. */
  advance(): void {
    if (this.#isStopped) return;
    const { checks, ended } = this.#schedule.take(this.#options.now());
    for (const check of checks) this.#queue.add(check);
    for (const name of ended) this.#options.outbox.due(name);
    this.#beginNext();
  }

  /** Milliseconds until `advance` has something to do. */
  waitMs(): number {
    const now = this.#options.now();
    return this.#isStopped ? Number.POSITIVE_INFINITY : Math.min(this.#schedule.waitMs(now), this.#queue.waitMs(now));
  }

  /** Begins nothing any more. */
  close(): void {
    this.#isStopped = true;
  }

  #beginNext(): void {
    for (;;) {
      const next = this.#isStopped ? undefined : this.#queue.begin(this.#options.now());
      if (next === undefined) break;
      this.#begin(next);
    }
    for (const name of this.#queue.surplus()) this.#stopSurplus(name);
  }

  #begin({ name, dueAtMs }: QueuedCheck): void {
    const watched = this.#machines.get(name);
    if (watched === undefined) {
      this.#queue.ended(name);
      return;
    }
    const { machine } = watched;
    const order = checkerOrder(machine);
    if (order.kind === 'wrong') {
      this.#queue.ended(name);
      this.#sayWrong(name, watched, order.why);
      return;
    }
    const startedAtMs = this.#options.now();
    const isBuiltIn = order.kind !== 'run' || machines.isBuiltInChecker(machine.checker);
    const command = isBuiltIn ? machine.checker : order.command;
    this.#options.outbox.started(name, command, startedAtMs, startedAtMs - dueAtMs > LATE_MS);
    const stop = this.#options.checkers.begin(order, (ending) => this.#end(name, command, startedAtMs, ending));
    this.#running.set(name, { stop, isStopping: false, isForgotten: false });
  }

  #end(name: string, command: string, startedAtMs: number, ending: Ending): void {
    const isForgotten = this.#running.get(name)?.isForgotten !== false;
    this.#running.delete(name);
    this.#queue.ended(name);
    const watched = this.#machines.get(name);
    if (watched !== undefined && ending.kind === 'failed') this.#sayWrong(name, watched, ending.reason);
    if (watched !== undefined && ending.kind === 'ended' && !isForgotten && !this.#isStopped) {
      const { waitStatus } = ending;
      const [status, endedAtMs] = [statusOf(waitStatus), this.#options.now()];
      const isNews = watched.lastWaitStatus !== waitStatus;
      watched.lastWaitStatus = waitStatus;
      this.#options.outbox.completed({ name, startedAtMs, endedAtMs, status, waitStatus, command }, isNews);
    }
    this.#beginNext();
  }

  #sayWrong(name: string, watched: Watched, why: string): void {
    if (watched.isWrongSaid) return;
    watched.isWrongSaid = true;
    this.#options.log.error({ machine: name, why }, 'a checker cannot be run; it is tried again at its next turn');
  }

  #stopSurplus(name: string): void {
    const running = this.#running.get(name);
    if (running === undefined || running.isStopping) return;
    this.#options.log.warn({ machine: name }, 'too many checkers hang: the oldest is stopped');
    this.#stopRunning(running);
  }

  #stopRunning(running: Running): void {
    if (running.isStopping) return;
    running.isStopping = true;
    running.stop();
  }
}
