// Values are made when they are asked for, or anew. However many ask for the same, it is made once: each waits for its turn, and finds
// what was stored meanwhile.

import { type InputOf, passwords } from '@chatelaine/contract';
import type { PasswordAnswer } from '@chatelaine/passwords';
import { type BoundOperation, type Call, type ReleaseOutcome, release } from '../../kernel/module.ts';
import type { ModuleTransaction } from '../../kernel/module-transaction.ts';
import { type Condition, decideRelease, proved } from '../../kernel/release/decision.ts';
import { clockIsRight, decided, factsOf, handOut, isNotShownOnce, refused, type Wanted } from './hand-out.ts';
import { type KeyRecord, live, readKey } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { refusalOf } from './refusal-of.ts';
import { keepVersion } from './versions.ts';
import { type Workflow, withWorkflow } from './workflow.ts';

type CreateCall = Call<InputOf<typeof passwords.create>>;
type ResetCall = Call<InputOf<typeof passwords.reset>>;

/** A password that somebody saw for the only time is in use somewhere, also if nothing is derived from it here. */
const isNotSpent: Condition<Wanted> = {
  name: 'plain',
  evaluate: ({ record }) =>
    record?.shown !== undefined && record.values.length === 0
      ? {
          outcome: 'unmet',
          code: 'plain-is-gone',
          facts: [proved('shown-to', record.shown.to)],
        }
      : { outcome: 'met', facts: [] },
};

const outcomeOf = async (
  context: PasswordsContext,
  call: CreateCall | ResetCall,
  answer: Exclude<PasswordAnswer, { readonly kind: 'none' }>,
  changes: Workflow['changes'],
): Promise<ReleaseOutcome<{ readonly value: Uint8Array; readonly isNew: boolean }>> => {
  if (answer.kind === 'refused') return refused(refusalOf(answer));
  const facts = factsOf(call, [proved('made', answer.isNew)]);
  const { output, ...outcome } = await handOut(context, call, answer.value, {
    wipe: true,
    facts,
  });
  if (output === undefined) return outcome;
  for (const { kind, key, format } of changes) context.tell(call, kind === 'set' ? 'set' : 'deleted', key, format);
  return { ...outcome, output: { ...output, isNew: answer.isNew } };
};

const create = (context: PasswordsContext): BoundOperation =>
  release(passwords.create, async (call, tx) => {
    const { key, format, options = {} } = call.input;
    if (!(await context.takeKey(call, key))) return refused({ kind: 'refused', code: 'busy' });
    const record = await readKey(tx, key);
    const conditions = [clockIsRight, isNotShownOnce, isNotSpent];
    const decision = decideRelease(conditions, { record, format }, call.moment, factsOf(call));
    if (decision.verdict !== 'release') return decided(key, decision);
    const made = await withWorkflow(context, call, tx, { options }, async ({ passwords: work, hashOnly, changes }) => {
      if (hashOnly && format === 'plain' && live(record, call.moment.nowUnixMs) === undefined) {
        const message = 'shows the password once only: create another format, then show it';
        return refused({
          kind: 'refused',
          code: 'invalid-input',
          field: 'options.hash_only',
          message,
        });
      }
      const answer = await work.create(key, format, options);
      if (answer.kind === 'none') throw new TypeError('nothing was made');
      return await outcomeOf(context, call, answer, changes);
    });
    return 'kind' in made ? refused(made) : made;
  });

/** Of a key that shows its password once only, the new one is not shown here either. */
const withoutPlain = <Outcome extends ReleaseOutcome<unknown>>(
  { input }: ResetCall,
  record: KeyRecord | undefined,
  outcome: Outcome,
): Outcome => {
  const isHidden = input.format === 'plain' && record?.hashOnly === true && outcome.decision.verdict === 'release';
  return isHidden ? { ...outcome, output: {} } : outcome;
};

const resetNow = async (
  context: PasswordsContext,
  call: ResetCall,
  tx: ModuleTransaction,
  before: KeyRecord | undefined,
  { passwords: work, graceSeconds, changes }: Workflow,
) => {
  const { key, format, options = {} } = call.input;
  const { nowUnixMs } = call.moment;
  const answer = await work.reset(key, format, options);
  if (answer.kind === 'none') throw new TypeError('nothing was made');
  if (answer.kind === 'value') await keepVersion(tx, key, before, { nowUnixMs, graceSeconds });
  const { output, ...outcome } = await outcomeOf(context, call, answer, changes);
  const made = {
    ...outcome,
    ...(output && { output: { value: output.value } }),
  };
  return withoutPlain(call, await readKey(tx, key), made);
};

const reset = (context: PasswordsContext): BoundOperation =>
  release(passwords.reset, async (call, tx) => {
    const { key, format, options = {}, derived } = call.input;
    if (!(await context.takeKey(call, key))) return refused({ kind: 'refused', code: 'busy' });
    const record = await readKey(tx, key);
    const conditions = format === 'plain' ? [clockIsRight] : [clockIsRight, isNotSpent];
    const decision = decideRelease(conditions, { record, format }, call.moment, factsOf(call));
    if (decision.verdict !== 'release') return decided(key, decision);
    if (derived === 'keep' && format !== 'plain') {
      const message = 'is only for the format plain';
      return refused({
        kind: 'refused',
        code: 'invalid-input',
        field: 'derived',
        message,
      });
    }
    const before = live(record, call.moment.nowUnixMs);
    const made = await withWorkflow(context, call, tx, { options, keepsDerived: derived === 'keep' }, (workflow) =>
      resetNow(context, call, tx, before, workflow),
    );
    return 'kind' in made ? refused(made) : made;
  });

export const makeValue = (context: PasswordsContext): readonly BoundOperation[] => [create(context), reset(context)];
