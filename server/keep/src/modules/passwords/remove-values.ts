// What is deleted is handed out once more, and is gone: also from the versions. A password that is shown once only is deleted unseen.

import { passwords } from '@chatelaine/contract';
import { type BoundOperation, type ReleaseOutcome, release } from '../../kernel/module.ts';
import { proved } from '../../kernel/release/decision.ts';
import { aboutKey, factsOf, handOut, refused } from './hand-out.ts';
import { deleteKey, isShownOnce, live, putKey, readKey, storedValue } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { purgeFormat, purgeVersions } from './versions.ts';

const remove = (context: PasswordsContext): BoundOperation =>
  release(passwords.remove, async (call, tx) => {
    const { key, format } = call.input;
    const { nowUnixMs } = call.moment;
    if (!(await context.takeKey(call, key))) return refused({ kind: 'refused', code: 'busy' });
    const record = live(await readKey(tx, key), nowUnixMs);
    const value = storedValue(record, format);
    if (record === undefined || value === undefined) return refused({ kind: 'refused', code: 'not-found' });
    const facts = factsOf(call, [proved('deleted', true)]);
    const isHidden = format === 'plain' && isShownOnce(record);
    const outcome: ReleaseOutcome<{ value?: Uint8Array }> = isHidden
      ? {
          ...aboutKey(key),
          decision: {
            verdict: 'release',
            facts: [...facts, proved('shown', false)],
          },
          output: {},
        }
      : await handOut(context, call, value, { wipe: false, facts });
    if (outcome.output === undefined) return outcome;
    const values = record.values.filter(({ name }) => name !== format);
    const { expiry, showing, ...rest } = record;
    const period = expiry?.periodSeconds;
    if (values.length === 0) {
      deleteKey(tx, key);
      purgeVersions(tx, key);
    } else {
      putKey(tx, key, {
        ...rest,
        values,
        changedAtUnixMs: nowUnixMs,
        ...(expiry !== undefined && {
          // As with every change of a key, its time begins anew.
          expiry: period === undefined ? expiry : { ...expiry, atUnixMs: nowUnixMs + period * 1_000 },
        }),
        ...(showing !== undefined && format !== 'plain' && { showing }),
      });
      await purgeFormat(tx, key, format);
    }
    context.tell(call, 'deleted', key, format);
    return outcome;
  });

const removeKey = (context: PasswordsContext): BoundOperation =>
  release(passwords.removeKey, async (call, tx) => {
    const { key } = call.input;
    if (!(await context.takeKey(call, key))) return refused({ kind: 'refused', code: 'busy' });
    const record = live(await readKey(tx, key), call.moment.nowUnixMs);
    if (record === undefined) return refused({ kind: 'refused', code: 'not-found' });
    const shown = record.values.filter(({ name }) => name !== 'plain' || !isShownOnce(record));
    deleteKey(tx, key);
    purgeVersions(tx, key);
    context.tell(call, 'deleted', key);
    const facts = [
      proved('formats', record.values.map(({ name }) => name).join(' ')),
      proved('deleted', true),
      ...(shown.length < record.values.length ? [proved('shown', false)] : []),
    ];
    const values = shown.map(({ name, value }) => ({ format: name, value }));
    const period = record.expiry?.periodSeconds;
    return {
      ...aboutKey(key),
      decision: { verdict: 'release', facts },
      output: {
        values,
        ...(period !== undefined && { periodSeconds: period }),
      },
    };
  });

export const removeValues = (context: PasswordsContext): readonly BoundOperation[] => [
  remove(context),
  removeKey(context),
];
