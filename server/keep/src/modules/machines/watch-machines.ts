// What the watch is told, and what it says. A report is believed for what it is: it can move the end of a machine's time and
// nothing else.

import { createPublicKey, verify } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { machines, type OutputOf, ok, refuse } from '@chatelaine/contract';
import { type BoundOperation, type Call, type ReportedDifference, report, stream } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { asserted, proved } from '../../kernel/release/decision.ts';
import { UsedNonces } from '../../kernel/used-nonces.ts';
import { checked, isExpired } from './liveness.ts';
import { listMachines, putState, readMachine, readState } from './machine-record.ts';
import { asksForChanging } from './machine-values.ts';
import type { KnownMachine, MachinesContext } from './machines-context.ts';

type ScheduleItem = OutputOf<typeof machines.schedule>;

const PAGE = 50;

async function* allMachines(context: MachinesContext, signal: AbortSignal): AsyncGenerator<ScheduleItem> {
  const { services } = context;
  let cursor: string | undefined;
  do {
    const from = cursor;
    const page = await services.read(async (tx) => {
      const found = await listMachines(tx, from === undefined ? { limit: PAGE } : { limit: PAGE, cursor: from });
      const items: ScheduleItem[] = [];
      const nowUnixMs = services.clock.nowUnixMs();
      for (const { name, ...machine } of found.machines) {
        const known = context.settle(name, machine, await readState(tx, name, machine), nowUnixMs);
        items.push(context.scheduleOf(known, nowUnixMs, context.firstCheckInMs(known, nowUnixMs)));
      }
      return { items, cursor: found.cursor };
    });
    yield {
      kind: 'machines',
      machines: page.items.flatMap((item) => (item.kind === 'machines' ? item.machines : [])),
    };
    cursor = page.cursor;
  } while (cursor !== undefined && !signal.aborted);
  yield { kind: 'complete' };
}

const schedule = (context: MachinesContext): BoundOperation =>
  stream(machines.schedule, async (_call, signal) => {
    const items = context.schedule.listen(allMachines(context, signal), signal);
    return (async function* () {
      try {
        yield* items;
      } finally {
        // Nobody can say how the checks of a watch that went away end.
        context.running.clear();
      }
    })();
  });

/** What a report did to one machine. */
interface Outcome {
  readonly known: KnownMachine;
  readonly differences: readonly ReportedDifference[];
}

type Sighting = { readonly startedAtUnixMs: number; readonly status: number; readonly isProved: boolean };

const differencesOf = (before: KnownMachine, after: KnownMachine, sighting: Sighting | undefined) => {
  const { name } = after;
  const differences: ReportedDifference[] = [];
  const status = after.state.lastCheckerStatus;
  const wasFailing = before.state.lastCheckerStatus > 0 || before.state.lastCheckerStatus === -1;
  if (sighting !== undefined && status !== 0 && !wasFailing) {
    differences.push({ path: name, facts: [proved('became', 'silent'), asserted('last-checker-status', status)] });
  }
  if (sighting !== undefined && status === 0 && wasFailing) {
    const assert = sighting.isProved ? proved : asserted;
    differences.push({ path: name, facts: [assert('became', 'alive')] });
  }
  return differences;
};

/** Takes one sighting, or only the passing of time, into a machine's record. */
const takeIn = async (
  context: MachinesContext,
  call: Pick<Call<unknown>, 'moment' | 'afterCommit' | 'touch'>,
  tx: ModuleTransaction,
  name: string,
  sighting: Sighting | undefined,
): Promise<Outcome | undefined> => {
  const machine = await readMachine(tx, name);
  if (machine === undefined) return undefined;
  const { nowUnixMs } = call.moment;
  const stored = await readState(tx, name, machine);
  const before = context.settle(name, machine, stored, nowUnixMs);
  const state =
    sighting === undefined
      ? before.state
      : { ...before.state, ...checked({ name, ...machine }, before.state, sighting, nowUnixMs) };
  const known = { name, machine, state };
  const differences = [...differencesOf(before, known, sighting)];
  if (!isExpired(stored) && isExpired(state)) {
    differences.push({ path: name, facts: [proved('became', 'expired')] });
    call.afterCommit(() => context.events.tell({ kind: 'expired', name }));
    call.touch(name);
  }
  if (!isDeepStrictEqual(stored, state)) putState(tx, name, state);
  if (differences.some(({ facts }) => facts[0]?.value === 'silent')) {
    call.afterCommit(() => context.events.tell({ kind: 'silent', name }));
  }
  call.afterCommit(() => {
    context.tellChanged(known);
    if (context.schedule.isHeard && asksForChanging(machine.settings.checker)) {
      context.schedule.tell(context.scheduleOf(known, nowUnixMs));
    }
  });
  return { known, differences };
};

const reportChecks = (context: MachinesContext): BoundOperation =>
  report(machines.report, async (call, tx) => {
    const { started, completed, due, late } = call.input;
    const { nowUnixMs } = call.moment;
    const { metrics } = context.services;
    call.afterCommit(() => {
      for (const { name, command } of started) {
        context.running.add(name);
        context.events.tell({ kind: 'check-started', name, command });
      }
      for (const { name, status, waitStatus, command } of completed) {
        context.running.delete(name);
        context.events.tell({ kind: 'check-completed', name, status, waitStatus, command });
        const outcome = status === 0 ? 'alive' : 'silent';
        metrics.count('chatelaine_checks_total', 'Checks of machines that ended.', { outcome });
      }
      metrics.count('chatelaine_checks_late_total', 'Checks that began more than a second late.', {}, late);
    });
    const differences: ReportedDifference[] = [];
    const answers: { name: string; inMs: number }[] = [];
    const take = async (name: string, sighting: Sighting | undefined): Promise<void> => {
      const outcome = await takeIn(context, call, tx, name, sighting);
      if (outcome === undefined) return;
      differences.push(...outcome.differences);
      const { machine, state } = outcome.known;
      if (!machine.enabled || isExpired(state)) return;
      answers.push({ name, inMs: context.dueInMs(outcome.known, nowUnixMs) });
    };
    for (const { name, startedAgoMs, status } of completed) {
      await take(name, { startedAtUnixMs: nowUnixMs - startedAgoMs, status, isProved: false });
    }
    for (const name of due) await take(name, undefined);
    return { result: ok({ due: answers }), differences };
  });

const isSignedBy = (heartbeatKey: string, statement: Uint8Array, signature: Uint8Array): boolean => {
  const x = Buffer.from(heartbeatKey, 'base64').toString('base64url');
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    return verify(null, statement, key, signature);
  } catch {
    return false;
  }
};

const heartbeat = (context: MachinesContext): BoundOperation => {
  const used = new UsedNonces();
  const { proofs, clock } = context.services;
  return report(machines.heartbeat, async (call, tx) => {
    const { name, nonce, signature } = call.input;
    const refused = (code: 'stale' | 'bad-proof' | 'replayed') => ({ result: refuse(code), differences: [] });
    const ageMs = proofs.ageOf(nonce);
    if (ageMs === undefined) return refused('stale');
    const machine = await readMachine(tx, name);
    const heartbeatKey = machine?.settings.heartbeatKey;
    const statement = machines.heartbeatStatement(name, nonce);
    if (heartbeatKey === undefined || !isSignedBy(heartbeatKey, statement, signature)) return refused('bad-proof');
    const key = `${Buffer.from(nonce).toString('hex')}/${name}`;
    if (!used.use(key, clock.elapsedMs(), call.request)) return refused('replayed');
    // The machine was there after the nonce was given out; that is the moment that counts.
    const startedAtUnixMs = call.moment.nowUnixMs - Math.ceil(ageMs);
    const outcome = await takeIn(context, call, tx, name, { startedAtUnixMs, status: 0, isProved: true });
    return { result: ok({}), differences: outcome?.differences ?? [] };
  });
};

export const watchMachines = (context: MachinesContext): readonly BoundOperation[] =>
  [schedule, reportChecks, heartbeat].map((bind) => bind(context));
