// Puts a plan into the store. Each step is on disk when it is answered. What takes something away comes first, so that an
// interruption never leaves a machine with more than it had before or is to have.

import { randomUUID } from 'node:crypto';
import { type Client, machines } from '@chatelaine/contract';
import { enrollInBatches } from '../machine/enroll-in-batches.ts';
import { answerOf, failureOf } from '../refused-answer.ts';
import type { Change, ChangedNames, MergePlan } from './plan-merge.ts';

type Settings = machines.MachineSettings;

const changedSettings = ({ machine: { settings }, changed }: Change): Partial<Settings> => ({
  ...(changed.has('host') && { host: settings.host }),
  ...(changed.has('timeout') && { timeoutMs: settings.timeoutMs }),
  ...(changed.has('extended_timeout') && { extendedTimeoutMs: settings.extendedTimeoutMs }),
  ...(changed.has('interval') && { intervalMs: settings.intervalMs }),
  ...(changed.has('approval_delay') && { approvalDelayMs: settings.approvalDelayMs }),
  ...(changed.has('approval_duration') && { approvalDurationMs: settings.approvalDurationMs }),
  ...(changed.has('approved_by_default') && { approvedByDefault: settings.approvedByDefault }),
});

const isOtherKey = (changed: ChangedNames): boolean => changed.has('key_id') || changed.has('fingerprint');

/** The machine under its new key, otherwise as it is. */
const withNewKey = async (client: Client, change: Change, view: machines.MachineView): Promise<machines.NewMachine> => {
  const { machine, changed } = change;
  const { name, keyId, fingerprint } = machine;
  let { secret } = machine;
  if (!changed.has('secret')) {
    const kept = await client.call(machines.exportSecret, { name });
    if (kept.kind === 'ok') secret = kept.value.secret;
    // Named people would have to sign or give a code; what the file says needs nobody.
    else if (kept.code !== 'needs-signatures' && kept.code !== 'needs-code') throw failureOf(kept, name);
  }
  const checker = changed.has('checker_command') ? { checker: machine.settings.checker } : {};
  return {
    name,
    ...(keyId !== undefined && { keyId }),
    ...(fingerprint !== undefined && { fingerprint }),
    secret,
    enabled: changed.has('enabled') ? machine.enabled : view.state === 'enabled',
    settings: { ...view.settings, ...changedSettings(change), ...checker },
  };
};

const carryOutChange = async (client: Client, change: Change): Promise<void> => {
  const { machine, changed } = change;
  const { name } = machine;
  const once = () => ({ requestId: randomUUID() });
  if (changed.has('enabled') && !machine.enabled) answerOf(await client.call(machines.disable, { name }, once()), name);
  const settings = changedSettings(change);
  if (Object.keys(settings).length > 0) {
    answerOf(await client.call(machines.set, { name, settings, clear: [] }, once()), name);
  }
  if (changed.has('checker_command')) {
    const { checker } = machine.settings;
    answerOf(await client.call(machines.setChecker, { name, checker }, once()), name);
  }
  if (changed.has('secret')) {
    answerOf(await client.call(machines.setSecret, { name, secret: machine.secret }, once()), name);
  }
  if (changed.has('enabled') && machine.enabled) answerOf(await client.call(machines.enable, { name }, once()), name);
};

/** Carries it out. A refusal ends it with a `Failure`; what was done before stays done. */
export const carryOutMerge = async (
  client: Client,
  plan: MergePlan,
  kept: ReadonlyMap<string, machines.MachineView>,
): Promise<void> => {
  for (const name of plan.disable) {
    answerOf(await client.call(machines.disable, { name }, { requestId: randomUUID() }), name);
  }
  const rekeyed: machines.NewMachine[] = [];
  for (const change of plan.change.filter(({ changed }) => isOtherKey(changed))) {
    const view = kept.get(change.machine.name);
    if (view !== undefined) rekeyed.push(await withNewKey(client, change, view));
  }
  for (const name of plan.remove) {
    answerOf(await client.call(machines.remove, { name }, { requestId: randomUUID() }), name);
  }
  await enrollInBatches(client, [...rekeyed, ...plan.enroll], true);
  for (const change of plan.change.filter(({ changed }) => !isOtherKey(changed))) await carryOutChange(client, change);
};
