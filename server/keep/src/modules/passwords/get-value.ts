// What is stored leaves; nothing is made. Reading is the most frequent of all questions: one look, one decision, one record.

import { passwords } from '@chatelaine/contract';
import { type BoundOperation, release } from '../../kernel/module.ts';
import { decideRelease } from '../../kernel/release/decision.ts';
import { clockIsRight, decided, factsOf, handOut, isNotExpired, isNotShownOnce, refused } from './hand-out.ts';
import { deleteKey, readKey, storedValue } from './key-record.ts';
import type { PasswordsContext } from './passwords-context.ts';
import { purgeVersions } from './versions.ts';

const conditions = [clockIsRight, isNotExpired, isNotShownOnce];

export const getValue = (context: PasswordsContext): BoundOperation =>
  release(passwords.get, async (call, tx) => {
    const { key, format } = call.input;
    const record = await readKey(tx, key);
    const value = storedValue(record, format);
    if (record === undefined || value === undefined) return refused({ kind: 'refused', code: 'not-found' });
    const decision = decideRelease(conditions, { record, format }, call.moment, factsOf(call));
    if (decision.verdict === 'release') {
      return await handOut(context, call, value, {
        wipe: false,
        facts: decision.facts,
      });
    }
    if (decision.verdict === 'refuse' && decision.condition === isNotExpired.name) {
      deleteKey(tx, key);
      purgeVersions(tx, key);
    }
    return decided(key, decision);
  });
