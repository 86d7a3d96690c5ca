// Fetched, acknowledged, destroyed. From the first fetch on the password is bound to whoever fetched it: nobody else gets it, and it
// is there until they say that they have it, so that a lost reply loses nothing.

import { ok, passwords, refuse } from '@chatelaine/contract';
import { answer, type BoundOperation, release } from '../../kernel/module.ts';
import { principalId } from '../../kernel/principal.ts';
import { type Condition, decideRelease, proved } from '../../kernel/release/decision.ts';
import { aboutKey, clockIsRight, decided, refused, type Wanted } from './hand-out.ts';
import { isShownOnce, live, putKey, readKey, storedValue } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { purgeFormat } from './versions.ts';

const RECEIPT_BYTES = 16;

const isThere: Condition<Wanted> = {
  name: 'plain',
  evaluate: ({ record }) => {
    if (storedValue(record, 'plain') !== undefined) return { outcome: 'met', facts: [] };
    const facts = record?.shown === undefined ? [] : [proved('shown-to', record.shown.to)];
    return { outcome: 'unmet', code: 'plain-is-gone', facts };
  },
};

/** A backup does not know who saw the password since it was made. */
const isNotFromBackup = (epoch: number): Condition<Wanted> => ({
  name: 'restored',
  evaluate: ({ record }) =>
    isShownOnce(record) && (record?.epoch ?? 0) < epoch
      ? { outcome: 'unmet', code: 'plain-is-gone', facts: [proved('restored', true)] }
      : { outcome: 'met', facts: [] },
});

const isForNobodyElse = (who: string): Condition<Wanted> => ({
  name: 'shown-once',
  evaluate: ({ record }) => {
    const to = record?.showing?.to;
    if (to === undefined) return { outcome: 'met', facts: [] };
    const facts = [proved('shown-to', to)];
    return to === who ? { outcome: 'met', facts } : { outcome: 'unmet', code: 'shown-once', facts };
  },
});

const reveal = (context: PasswordsContext): BoundOperation =>
  release(passwords.reveal, async (call, tx) => {
    const { key } = call.input;
    const { moment, principal } = call;
    const who = principalId(principal);
    if (!(await context.takeKey(call, key))) return refused({ kind: 'refused', code: 'busy' });
    const record = live(await readKey(tx, key), moment.nowUnixMs);
    if (record === undefined) return refused({ kind: 'refused', code: 'not-found' });
    const conditions = [clockIsRight, isThere, isNotFromBackup(context.epoch), isForNobodyElse(who)];
    const decision = decideRelease(conditions, { record, format: 'plain' }, moment, [proved('format', 'plain')]);
    const value = storedValue(record, 'plain');
    if (decision.verdict !== 'release' || value === undefined) return decided(key, decision);
    const receipt = record.showing?.receipt ?? context.services.random(RECEIPT_BYTES).toString('hex');
    const showing = record.showing ?? {
      to: who,
      receipt,
      atUnixMs: moment.nowUnixMs,
    };
    if (record.showing === undefined) putKey(tx, key, { ...record, showing });
    return { ...aboutKey(key), decision, output: { value, receipt } };
  });

const acknowledge = (context: PasswordsContext): BoundOperation =>
  answer(passwords.acknowledge, async (call, tx) => {
    const { key, receipt } = call.input;
    const { nowUnixMs } = call.moment;
    const who = principalId(call.principal);
    if (!(await context.takeKey(call, key))) return refuse('busy');
    const record = await readKey(tx, key);
    if (record?.showing === undefined) return refuse('not-found', { message: 'it is not being shown' });
    const { showing, ...rest } = record;
    if (showing.to !== who || showing.receipt !== receipt) return refuse('shown-once');
    const values = record.values.filter(({ name }) => name !== 'plain');
    const shown = { to: who, atUnixMs: nowUnixMs };
    putKey(tx, key, {
      ...rest,
      values,
      changedAtUnixMs: nowUnixMs,
      hashOnly: true,
      shown,
    });
    await purgeFormat(tx, key, 'plain');
    call.note(proved('shown-to', who));
    context.tell(call, 'deleted', key, 'plain');
    return ok({ formats: values.map(({ name }) => name) });
  });

export const showOnce = (context: PasswordsContext): readonly BoundOperation[] => [
  reveal(context),
  acknowledge(context),
];
