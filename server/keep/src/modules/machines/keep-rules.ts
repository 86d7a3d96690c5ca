// Conditions of whole branches, set and removed.

import { machines, ok, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation } from '../../kernel/module.ts';
import { refuseCodeRule } from './code-givers.ts';
import { putRules, readRules } from './effective-rule.ts';
import type { MachinesContext } from './machines-context.ts';

/** Whoever waits below a branch is decided about anew. */
const wakeBelow = (context: MachinesContext, path: string, touch: (name: string) => void): void => {
  const names = new Set(context.pending.all().map((pending) => pending.name));
  for (const name of names) if (path === '' || name.startsWith(`${path}/`)) touch(name);
};

export const keepRules = (context: MachinesContext): readonly BoundOperation[] => [
  answer(machines.setRule, async ({ input, touch }, tx) => {
    const { approval, window, oneTimeCode, type } = input;
    if ([approval, window, oneTimeCode, type].every((said) => said === undefined)) {
      const message = 'or window, oneTimeCode or type must be given';
      return refuse('invalid-input', { field: 'approval', message });
    }
    const useless = refuseCodeRule(context.services, oneTimeCode, 'oneTimeCode');
    if (useless !== undefined) return useless;
    const before = await readRules(tx);
    const others = before.filter((rule) => rule.path !== input.path);
    if (others.length >= machines.MAX_RULES) {
      return refuse('too-large', { message: `an instance has at most ${machines.MAX_RULES} rules` });
    }
    putRules(tx, [...others, input]);
    wakeBelow(context, input.path, touch);
    return ok({ replaced: others.length < before.length });
  }),
  answer(machines.removeRule, async ({ input, touch }, tx) => {
    const before = await readRules(tx);
    const others = before.filter((rule) => rule.path !== input.path);
    if (others.length === before.length) return refuse('not-found');
    putRules(tx, others);
    wakeBelow(context, input.path, touch);
    return ok({});
  }),
  answer(machines.rules, async (_call, tx) => {
    const rules = (await readRules(tx)).toSorted((one, other) => (one.path < other.path ? -1 : 1));
    return ok({ rules });
  }),
];
