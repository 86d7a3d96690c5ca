// One machine changed by a person: enabled, cut off, removed, set otherwise, or given another secret. The last decision stays
// readable after a removal, so that `why` can still tell.

import { isDeepStrictEqual } from 'node:util';
import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, type Call } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { refuseCodeRule } from './code-givers.ts';
import { checked, enabledAgain, isAlive, isExpired, settingsChanged } from './liveness.ts';
import { deleteLogins } from './machine-login.ts';
import { deleteMachine, putMachine, putSecret, putState, readMachine, readState } from './machine-record.ts';
import type { KnownMachine, MachinesContext } from './machines-context.ts';

type Settings = machines.MachineSettings;

/** The machine as it is now, or `undefined`. */
export const findMachine = async (
  context: MachinesContext,
  call: Call<{ readonly name: string }>,
  tx: ModuleTransaction,
): Promise<KnownMachine | undefined> => {
  const { name } = call.input;
  const machine = await readMachine(tx, name);
  if (machine === undefined) return undefined;
  return context.settle(name, machine, await readState(tx, name, machine), call.moment.nowUnixMs);
};

const enable = (context: MachinesContext): BoundOperation =>
  answer(machines.enable, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const { name, machine: before, state } = known;
    if (before.enabled && isAlive(state)) return ok({ changed: false });
    const { nowUnixMs } = call.moment;
    const machine = { ...before, enabled: true, enabledAtUnixMs: nowUnixMs };
    const again = enabledAgain({ name, ...machine }, state, nowUnixMs, context.run);
    const after = { ...again, format: 1, ...(state.approval && { approval: state.approval }) } as const;
    putMachine(tx, name, machine);
    putState(tx, name, after);
    const { compat, intervalMs } = machine.settings;
    const now = { name, machine, state: after };
    const firstCheckInMs = compat === 'mandos' ? intervalMs : context.firstCheckInMs(now, nowUnixMs);
    context.tell(call, now, { firstCheckInMs });
    return ok({ changed: true });
  });

const disable = (context: MachinesContext): BoundOperation =>
  answer(machines.disable, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    if (!known.machine.enabled) return ok({ changed: false });
    const machine = { ...known.machine, enabled: false };
    putMachine(tx, known.name, machine);
    await deleteLogins(tx, known.name);
    context.tell(call, { ...known, machine });
    return ok({ changed: true });
  });

const remove = (context: MachinesContext): BoundOperation =>
  answer(machines.remove, async ({ input, afterCommit }, tx) => {
    const { name } = input;
    const machine = await readMachine(tx, name);
    if (machine === undefined) return refuse('not-found');
    deleteMachine(tx, name, machine);
    await deleteLogins(tx, name);
    afterCommit(() => {
      context.events.tell({ kind: 'removed', name });
      context.tellWatch({ kind: 'gone', name });
    });
    return ok({});
  });

const setSecret = (context: MachinesContext): BoundOperation =>
  answer(machines.setSecret, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const { secret } = call.input;
    const machine = {
      ...known.machine,
      secretSetAtUnixMs: call.moment.nowUnixMs,
      secretSizeBytes: secret.length,
    };
    putMachine(tx, known.name, machine);
    putSecret(tx, known.name, secret);
    context.tell(call, { ...known, machine });
    return ok({});
  });

/** Puts other settings in place; the end of the machine's time moves with its timeout. */
const changeSettings = (
  context: MachinesContext,
  call: Call<unknown>,
  tx: ModuleTransaction,
  known: KnownMachine,
  settings: Settings,
): boolean => {
  const { name, machine: before } = known;
  if (isDeepStrictEqual(settings, before.settings)) return false;
  const { nowUnixMs } = call.moment;
  const machine = { ...before, settings };
  const moved = { ...known.state, ...settingsChanged(known.state, before.settings, settings) };
  const now = context.settle(name, machine, { ...moved, runAtUnixMs: context.run.startedAtUnixMs }, nowUnixMs);
  putMachine(tx, name, machine);
  putState(tx, name, now.state);
  const isNewInterval = settings.intervalMs !== before.settings.intervalMs;
  context.tell(call, now, isNewInterval ? { firstCheckInMs: 0 } : {});
  return true;
};

const set = (context: MachinesContext): BoundOperation =>
  answer(machines.set, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const { settings: patch, clear } = call.input;
    // It is a proof of who the machine is; Mandos's tools, for which a bridge asks, know no such key.
    const isKey = patch.heartbeatKey !== undefined || clear.includes('heartbeatKey');
    if (isKey && call.principal.role === 'bus') return refuse('denied');
    const both = clear.find((field) => patch[field] !== undefined);
    if (both !== undefined) return refuse('invalid-input', { field: 'clear', message: `${both} is set as well` });
    const useless = refuseCodeRule(context.services, patch.oneTimeCode, 'settings.oneTimeCode');
    if (useless !== undefined) return useless;
    const given = Object.fromEntries(Object.entries(patch).filter(([, value]) => value !== undefined));
    const merged = { ...known.machine.settings, ...given } as Settings;
    const settings = Object.fromEntries(
      Object.entries(merged).filter(([field]) => !clear.some((gone) => gone === field)),
    ) as Settings;
    return ok({ changed: changeSettings(context, call, tx, known, settings) });
  });

const setChecker = (context: MachinesContext): BoundOperation =>
  answer(machines.setChecker, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const settings = { ...known.machine.settings, checker: call.input.checker };
    return ok({ changed: changeSettings(context, call, tx, known, settings) });
  });

const setType = (context: MachinesContext): BoundOperation =>
  answer(machines.setType, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const { type: _, ...rest } = known.machine.settings;
    const { type } = call.input;
    const settings = type === null ? rest : { ...rest, type };
    return ok({ changed: changeSettings(context, call, tx, known, settings) });
  });

const vouch = (context: MachinesContext): BoundOperation =>
  answer(machines.vouch, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const { nowUnixMs } = call.moment;
    const { name, machine } = known;
    const check = { startedAtUnixMs: nowUnixMs, status: 0 };
    const state = { ...known.state, ...checked({ name, ...machine }, known.state, check, nowUnixMs) };
    putState(tx, name, state);
    context.tell(call, { name, machine, state });
    return ok({});
  });

const check = (context: MachinesContext): BoundOperation =>
  answer(machines.check, async (call, tx) => {
    const known = await findMachine(context, call, tx);
    if (known === undefined) return refuse('not-found');
    const { name, run } = call.input;
    if (run && !known.machine.enabled) return refuse('disabled');
    if (run && isExpired(known.state)) return refuse('expired');
    if (!context.schedule.isHeard) return refuse('no-watch');
    call.afterCommit(() => {
      context.tellWatch({ kind: run ? 'start' : 'stop', name });
      if (!run) context.tellChanged(known);
    });
    return ok({});
  });

export const changeMachine = (context: MachinesContext): readonly BoundOperation[] =>
  [enable, disable, remove, set, setChecker, setType, setSecret, vouch, check].map((bind) => bind(context));
