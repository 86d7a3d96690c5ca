// The secret of a machine for another server to keep: a release like any other, decided and on record. Whoever holds it is
// bound by nothing that is decided here, and so it is not for machines that named people have to approve or give a code for.

import { machines } from '@chatelaine/contract';
import { type BoundOperation, release } from '../../kernel/module.ts';
import { type Condition, decideRelease, proved } from '../../kernel/release/decision.ts';
import { type EffectiveRule, effectiveRule, readRules } from './effective-rule.ts';
import { readMachine, requireSecret } from './machine-record.ts';

const nobodyNamed: Condition<EffectiveRule> = {
  name: 'approval',
  evaluate: ({ approval }) => {
    const facts = [proved('approvals-required', approval?.required ?? 0)];
    return approval === undefined ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'needs-signatures', facts };
  },
};

const noCode: Condition<EffectiveRule> = {
  name: 'one-time-code',
  evaluate: ({ oneTimeCode }) =>
    oneTimeCode === undefined ? { outcome: 'met', facts: [] } : { outcome: 'unmet', code: 'needs-code', facts: [] },
};

export const exportSecret: BoundOperation = release(machines.exportSecret, async ({ input: { name }, moment }, tx) => {
  const machine = await readMachine(tx, name);
  if (machine === undefined) {
    return { decision: { verdict: 'refuse', code: 'not-found', condition: 'identity', facts: [] } };
  }
  const rule = effectiveRule(await readRules(tx), name, machine.settings);
  const decision = decideRelease([nobodyNamed, noCode], rule, moment, [proved('for-export', true)]);
  if (decision.verdict !== 'release') return { subject: name, decision };
  return { subject: name, decision, output: { secret: await requireSecret(tx, name) } };
});
