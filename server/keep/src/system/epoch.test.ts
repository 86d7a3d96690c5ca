// What comes back with a backup that was restored on purpose, and what does not.

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { machines, passwords, system } from '@chatelaine/contract';
import { openDetached } from '@chatelaine/vault';
import { AUDIT_LANE, encodeAuditRecord } from '../kernel/audit-record.ts';
import { type StartedKeep, settings, startKeep } from '../testing/start-keep.ts';

const MINUTE_MS = 60_000;
const codeOf = (answer: { readonly kind: string; readonly code?: string }): string => answer.code ?? answer.kind;

/** Ends the keep, makes its store the one of a restored backup, and opens another keep on it. */
const restored = async (started: StartedKeep): Promise<StartedKeep> => {
  const { secret, clock } = started;
  const next = await started.restart(2 * 60 * MINUTE_MS);
  const { store, directory } = next;
  const vault = await openDetached(store, secret);
  assert.ok(vault.kind === 'ok');
  const record = encodeAuditRecord({
    ...{ format: 1, atUnixMs: clock.nowUnixMs(), who: 'admin:test', operation: 'system.restore', object: '' },
    ...{ decision: 'changed', facts: [] },
  });
  const begun = await vault.value.beginEpoch(clock.nowUnixMs(), { lane: AUDIT_LANE, record });
  assert.ok(begun.kind === 'ok');
  const state = { revision: await store.revision(), heads: await store.auditHeads() };
  await vault.value.writeAnchor(join(directory, 'anchor'), store.id, state);
  vault.value.close();
  await next.unseal();
  return next;
};

const pendingCount = async (started: StartedKeep): Promise<number> => {
  const pending = await started.admin.call(machines.pending, {});
  return pending.kind === 'ok' ? pending.value.requests.length : 0;
};

const seen = async (started: StartedKeep, name: string, status: number): Promise<void> => {
  const completed = [{ name, status, startedAgoMs: 0, waitStatus: Math.max(0, status) * 256, command: 'true' }];
  const answer = await started.watch.call(machines.report, { started: [], completed, due: [], late: 0 });
  assert.equal(answer.kind, 'ok');
};

test('after a restore no machine is alive by its record: each waits for a check that succeeds, or for a person', async () => {
  const first = await startKeep();
  await first.unseal();
  const pairs = {
    strict: await first.enroll('strict'),
    mandos: await first.enroll('mandos', { settings: { ...settings, compat: 'mandos' } }),
    enabled: await first.enroll('enabled'),
    off: await first.enroll('off', { enabled: false }),
  };
  for (const name of ['strict', 'mandos', 'enabled']) await seen(first, name, 0);
  assert.equal(codeOf(await first.fetch(pairs.strict)), 'ok');
  await using started = await restored(first);
  const status = await started.admin.call(system.status, {});
  assert.ok(status.kind === 'ok' && status.value.epoch?.number === 1);
  for (const pair of [pairs.strict, pairs.mandos, pairs.enabled]) {
    assert.equal(codeOf(await started.fetch(pair)), 'expired');
  }
  assert.equal(codeOf(await started.fetch(pairs.off)), 'disabled');
  // The watch goes on looking at them, now and not for ever at once.
  const schedule = await started.watch.stream(machines.schedule, {});
  assert.ok(Symbol.asyncIterator in schedule);
  const due: Record<string, number> = {};
  for await (const item of schedule) {
    if (item.kind === 'complete') break;
    if (item.kind === 'machines') for (const { name, dueInMs } of item.machines) due[name] = dueInMs;
  }
  assert.deepEqual(due, { strict: settings.timeoutMs, mandos: settings.timeoutMs, enabled: settings.timeoutMs });
  for (const name of ['strict', 'mandos']) {
    await seen(started, name, 1);
    assert.equal(codeOf(await started.fetch(pairs[name as 'strict' | 'mandos'])), 'expired', 'a failed check');
    await seen(started, name, 0);
    assert.equal(codeOf(await started.fetch(pairs[name as 'strict' | 'mandos'])), 'ok', 'a check that succeeded');
  }
  assert.equal(codeOf(await started.fetch(pairs.enabled)), 'expired');
  assert.equal((await started.admin.call(machines.enable, { name: 'enabled' })).kind, 'ok');
  assert.equal(codeOf(await started.fetch(pairs.enabled)), 'ok');
  const late = await started.restart(0);
  await using ended = late;
  await ended.unseal();
  assert.equal(codeOf(await ended.fetch(pairs.strict)), 'ok', 'a restart is no restore');
});

test('a machine that had expired before the backup waits for a person, not for a check', async () => {
  const first = await startKeep();
  await first.unseal();
  const pair = await first.enroll('web1');
  first.clock.advance(settings.timeoutMs);
  assert.equal(codeOf(await first.fetch(pair)), 'expired');
  await using started = await restored(first);
  await seen(started, 'web1', 0);
  assert.equal(codeOf(await started.fetch(pair)), 'expired');
});

test('a decision of a person for some time does not come back', async () => {
  const first = await startKeep();
  await first.unseal();
  const asking = {
    ...settings,
    approvalDelayMs: 60 * MINUTE_MS,
    approvalDurationMs: 24 * 60 * MINUTE_MS,
    approvedByDefault: false,
  };
  const pair = await first.enroll('web1', { settings: asking });
  const waiting = first.fetch(pair);
  while ((await pendingCount(first)) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.equal((await first.admin.call(machines.approve, { name: 'web1', approve: true })).kind, 'ok');
  assert.equal(codeOf(await waiting), 'ok');
  first.clock.advance(MINUTE_MS);
  assert.equal(codeOf(await first.fetch(pair)), 'ok', 'it holds for a day');
  await using started = await restored(first);
  await seen(started, 'web1', 0);
  const gone = new AbortController();
  const again = started.fetch(pair, gone.signal);
  while ((await pendingCount(started)) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  gone.abort();
  assert.notEqual(codeOf(await again), 'ok');
});

test('after a restore a password that is shown once only is not shown: somebody may have seen it since', async () => {
  const first = await startKeep();
  await first.unseal();
  const made = { key: 'db', format: 'mysql', options: { hash_only: true } };
  const before = await first.admin.call(passwords.create, made);
  await first.admin.call(passwords.create, { key: 'web', format: 'plain' });
  await using started = await restored(first);
  assert.equal(codeOf(await started.admin.call(passwords.reveal, { key: 'db' })), 'plain-is-gone');
  assert.deepEqual(await started.admin.call(passwords.get, { key: 'db', format: 'mysql' }), {
    kind: 'ok',
    value: { value: before.kind === 'ok' && before.value.value },
  });
  assert.equal(codeOf(await started.admin.call(passwords.get, { key: 'web', format: 'plain' })), 'ok');
  const reset = { key: 'db', format: 'plain' };
  assert.equal(codeOf(await started.admin.call(passwords.reset, reset)), 'ok');
  assert.equal(codeOf(await started.admin.call(passwords.reveal, { key: 'db' })), 'ok');
});
