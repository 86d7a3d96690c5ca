// What the parts of this module share while the keep is open: who waits, whose check runs, who listens. None of it is on
// record, and none of it outlives the process.

import type { machines, OutputOf } from '@chatelaine/contract';
import { Hub } from '../../kernel/hub.ts';
import type { Call, ModuleServices } from '../../kernel/module.ts';
import { firstCheckDelayMs, isAlive, isExpired, isOfEarlierEpoch, type Run, settled } from './liveness.ts';
import type { MachineRecord, MachineState } from './machine-record.ts';
import { valuesOf } from './machine-values.ts';
import { PendingRequests } from './pending-requests.ts';

type ScheduleItem = OutputOf<typeof machines.schedule>;

/** A machine with its state, settled for one moment. */
export interface KnownMachine {
  readonly name: string;
  readonly machine: MachineRecord;
  readonly state: MachineState;
}

export class MachinesContext {
  readonly services: ModuleServices;
  readonly run: Run;
  readonly pending = new PendingRequests();
  /** Machines whose check runs, as the watch says. */
  readonly running = new Set<string>();
  readonly events = new Hub<machines.MachineEvent>({ kind: 'overrun' });
  readonly schedule = new Hub<ScheduleItem>();

  constructor(services: ModuleServices) {
    this.services = services;
    this.run = { startedAtUnixMs: services.openedAtUnixMs, epoch: services.epoch };
    const { metrics } = services;
    metrics.gauge('chatelaine_checks_running', 'Checks that run.', () => this.running.size);
    metrics.gauge('chatelaine_requests_waiting', 'Requests that wait for a person.', () => this.pending.all().length);
  }

  /** The machine as it is at this moment. */
  settle(name: string, machine: MachineRecord, before: MachineState, nowUnixMs: number): KnownMachine {
    const { approval, ...rest } = before;
    // A decision for a time does not outlive a restore.
    const known = isOfEarlierEpoch(before, this.run) ? rest : before;
    const state = { ...known, ...settled({ name, ...machine }, known, nowUnixMs, this.run) };
    return { name, machine, state };
  }

  viewOf({ name, machine, state }: KnownMachine): machines.MachineView {
    const { format, ...shown } = machine;
    return {
      ...shown,
      name,
      state: !machine.enabled ? 'disabled' : isAlive(state) ? 'enabled' : 'expired',
      ...(machine.enabled && { expiresAtUnixMs: state.expiresAtUnixMs }),
      ...(state.lastCheckedOkAtUnixMs !== undefined && { lastCheckedOkAtUnixMs: state.lastCheckedOkAtUnixMs }),
      lastCheckerStatus: state.lastCheckerStatus,
      checkerRunning: this.running.has(name),
      ...(state.lastApprovalRequestAtUnixMs !== undefined && {
        lastApprovalRequestAtUnixMs: state.lastApprovalRequestAtUnixMs,
      }),
      pendingRequests: this.pending.countOf(name),
    };
  }

  /** When its time runs out; of a machine that waits for its first sign of life after a restore, when to look again. */
  dueInMs({ machine, state }: KnownMachine, nowUnixMs: number): number {
    if (state.restoredAtUnixMs !== undefined) return machine.settings.timeoutMs;
    return Math.max(0, state.expiresAtUnixMs - nowUnixMs);
  }

  /** What the watch is told of a machine. */
  scheduleOf({ name, machine, state }: KnownMachine, nowUnixMs: number, firstCheckInMs?: number): ScheduleItem {
    if (!machine.enabled || isExpired(state)) return { kind: 'gone', name };
    const { host, checker, intervalMs } = machine.settings;
    const dueInMs = this.dueInMs({ name, machine, state }, nowUnixMs);
    const values = valuesOf(name, machine, state);
    const watched = { name, host, checker, intervalMs, values, dueInMs };
    return { kind: 'machines', machines: [firstCheckInMs === undefined ? watched : { ...watched, firstCheckInMs }] };
  }

  /** Spread over the interval, but early enough for a machine whose time is short. */
  firstCheckInMs({ name, machine, state }: KnownMachine, nowUnixMs: number): number {
    const { compat, intervalMs } = machine.settings;
    const delayMs = firstCheckDelayMs(name, intervalMs, this.run);
    const sinceStartMs = nowUnixMs - this.run.startedAtUnixMs;
    // The rules of Mandos count the first time from the start of the server.
    if (compat === 'mandos') return delayMs > sinceStartMs ? delayMs - sinceStartMs : delayMs;
    return Math.min(delayMs, Math.max(0, Math.floor((state.expiresAtUnixMs - nowUnixMs) / 2)));
  }

  /** After the commit, tells everybody who listens that a machine changed. */
  tell(
    call: Pick<Call<unknown>, 'afterCommit' | 'moment'>,
    known: KnownMachine,
    {
      kind = 'changed',
      firstCheckInMs,
    }: { readonly kind?: 'added' | 'changed'; readonly firstCheckInMs?: number } = {},
  ): void {
    call.afterCommit(() => {
      this.tellWatch(this.scheduleOf(known, call.moment.nowUnixMs, firstCheckInMs));
      this.tellChanged(known, kind);
    });
  }

  /** Tells the watch. It says nothing of a check that it is to stop: that it runs is over here. */
  tellWatch(item: ScheduleItem): void {
    if (item.kind === 'gone' || item.kind === 'stop') this.running.delete(item.name);
    this.schedule.tell(item);
  }

  /** Tells those who look at machines, not the watch. */
  tellChanged(known: KnownMachine, kind: 'added' | 'changed' = 'changed'): void {
    if (this.events.isHeard) this.events.tell({ kind, machine: this.viewOf(known) });
  }
}
