// For tests: a keep with users and what they prove themselves by.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type hotp, type InputOf, type totp, users } from '@chatelaine/contract';
import { openDetached } from '@chatelaine/vault';
import { AUDIT_LANE, encodeAuditRecord } from '../../kernel/audit-record.ts';
import { type StartedKeep, startKeep } from '../../testing/start-keep.ts';

export const codeOf = (answer: { readonly kind: string; readonly code?: string }): string => answer.code ?? answer.kind;

export const SEED = Buffer.from('12345678901234567890');

export const totpEnrolment: Omit<InputOf<typeof totp.enroll>, 'user'> = {
  ...{ credential: 'default', secret: { kind: 'given', value: SEED } },
  ...{ digits: 6, algorithm: 'sha1', periodSeconds: 30, window: 1 },
};

export const hotpEnrolment: Omit<InputOf<typeof hotp.enroll>, 'user'> = {
  ...{ credential: 'default', secret: { kind: 'given', value: SEED } },
  ...{ digits: 6, algorithm: 'sha1', counter: 0, lookAhead: 10 },
};

/** An open keep with the users `ada` and `bob`, and these modules besides those of one-time codes. */
export const startWithUsers = async (...modules: readonly string[]): Promise<StartedKeep> => {
  const started = await startKeep({ modules: [...modules, 'users', 'aes', 'hotp', 'totp', 'yubiotp', 'recovery'] });
  await started.unseal();
  for (const name of ['ada', 'bob']) {
    assert.equal(codeOf(await started.admin.call(users.add, { name, fullName: '', groups: [] })), 'ok');
  }
  return started;
};

/** Ends the keep, and opens another one on its store as on one of a backup that was restored on purpose. */
export const restored = async (started: StartedKeep, clockMs: number): Promise<StartedKeep> => {
  const next = await started.restart(clockMs);
  const vault = await openDetached(next.store, next.secret);
  assert.ok(vault.kind === 'ok');
  const record = encodeAuditRecord({
    ...{ format: 1, atUnixMs: next.clock.nowUnixMs(), who: 'admin:test', operation: 'system.restore', object: '' },
    ...{ decision: 'changed', facts: [] },
  });
  const begun = await vault.value.beginEpoch(next.clock.nowUnixMs(), { lane: AUDIT_LANE, record });
  assert.ok(begun.kind === 'ok');
  const state = { revision: await next.store.revision(), heads: await next.store.auditHeads() };
  await vault.value.writeAnchor(join(next.directory, 'anchor'), next.store.id, state);
  vault.value.close();
  await next.unseal();
  return next;
};
