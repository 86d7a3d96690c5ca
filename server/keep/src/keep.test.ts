import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, keyslots, machines, policy, system } from '@chatelaine/contract';
import { clientOf, settings, startKeep } from './testing/start-keep.ts';

const machine = (name: string) => ({ name, secret: Buffer.from('blob'), enabled: true, settings });

test('a sealed keep answers what it is, and nothing that needs a key', async () => {
  await using started = await startKeep();
  const status = await started.admin.call(system.status, {});
  assert.equal(status.kind === 'ok' && status.value.sealed, true);
  assert.deepEqual(await started.admin.call(machines.list, { limit: 1 }), { kind: 'refused', code: 'sealed' });
  assert.deepEqual(await started.admin.call(keyslots.list, {}), { kind: 'refused', code: 'sealed' });
});

test('a wrong key opens nothing; the failed tries are on record once it is open', async () => {
  await using started = await startKeep();
  for (let i = 0; i < 2; i++) {
    const refused = await started.admin.call(system.unseal, { kind: 'key-file', secret: Buffer.alloc(32, 9) });
    assert.equal(refused.kind === 'refused' && refused.code, 'wrong-key');
  }
  await started.unseal();
  const again = await started.admin.call(system.unseal, started.secret);
  assert.equal(again.kind === 'refused' && again.code, 'not-sealed');
  const records = await started.admin.call(audit.list, { limit: 10 });
  assert.ok(records.kind === 'ok');
  const [opened] = records.value.records;
  assert.equal(opened?.operation, 'system.unseal');
  assert.deepEqual(opened?.facts[0], { name: 'failed-tries-before', value: 2, assurance: 'proved' });
});

test('a change asked again with the same request id is made once and answered alike', async () => {
  await using started = await startKeep();
  await started.unseal();
  const options = { requestId: 'request-0001' };
  const input = { machines: [machine('web1')], replace: false };
  const first = await started.admin.call(machines.enroll, input, options);
  assert.equal(first.kind, 'ok');
  assert.deepEqual(await started.admin.call(machines.enroll, input, options), first);
  const other = await started.admin.call(machines.enroll, { ...input, replace: true }, options);
  assert.deepEqual(other.kind === 'refused' && [other.code, other.field], ['conflict', 'requestId']);
  const records = await started.admin.call(audit.list, { limit: 100 });
  assert.equal(
    records.kind === 'ok' && records.value.records.filter(({ operation }) => operation === 'machines.enroll').length,
    1,
  );
});

test('a kept result is forgotten after two minutes', async () => {
  await using started = await startKeep();
  await started.unseal();
  const input = { machines: [machine('web1')], replace: true };
  const options = { requestId: 'request-0001' };
  await started.admin.call(machines.enroll, input, options);
  started.clock.advance(119_000);
  await started.keep.kernel.forgetOldResults();
  const kept = await started.admin.call(machines.enroll, input, options);
  assert.deepEqual(kept.kind === 'ok' && kept.value.replaced, [], 'still the first answer');
  started.clock.advance(2_000);
  await started.keep.kernel.forgetOldResults();
  const anew = await started.admin.call(machines.enroll, input, options);
  assert.deepEqual(anew.kind === 'ok' && anew.value.replaced, ['web1'], 'made anew');
});

test('an administrator without a grant is denied before anything is looked up, and that is on record', async () => {
  await using started = await startKeep();
  await started.unseal();
  const deputy = clientOf(started.keep, 'admin', 'deputy');
  assert.deepEqual(await deputy.call(machines.show, { name: 'web1' }), { kind: 'refused', code: 'denied' });
  const records = await started.admin.call(audit.list, { limit: 1 });
  assert.ok(records.kind === 'ok');
  const [record] = records.value.records;
  assert.deepEqual(
    [record?.who, record?.operation, record?.decision, record?.code],
    ['admin:deputy', 'machines.show', 'refused', 'denied'],
  );
});

test('every change is on record with who made it and what it touched, and the chain is whole', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('zurich/web1');
  await started.admin.call(machines.disable, { name: 'zurich/web1' });
  const records = await started.admin.call(audit.list, { limit: 10, object: 'machines/zurich/web1' });
  assert.ok(records.kind === 'ok');
  assert.deepEqual(
    records.value.records.map(({ who, operation }) => [who, operation]),
    [
      ['admin:admin', 'machines.disable'],
      ['admin:admin', 'machines.enroll'],
    ],
  );
  const checks = await started.admin.stream(audit.verify, {});
  assert.ok(Symbol.asyncIterator in checks);
  let last: unknown;
  for await (const check of checks) last = check;
  assert.deepEqual(last, { kind: 'intact', records: 3, anchored: 3 });
});

test('records come newest first, page by page, none twice', async () => {
  await using started = await startKeep();
  await started.unseal();
  for (let i = 0; i < 7; i++) await started.enroll(`web${i}`);
  const seen: number[] = [];
  let before: number | undefined;
  do {
    const page = await started.admin.call(audit.list, { limit: 3, ...(before !== undefined && { before }) });
    assert.ok(page.kind === 'ok');
    seen.push(...page.value.records.map(({ sequence }) => sequence));
    before = page.value.next;
  } while (before !== undefined);
  assert.deepEqual(seen, [8, 7, 6, 5, 4, 3, 2, 1]);
});

test('whoever follows the record sees each new entry', async () => {
  await using started = await startKeep();
  await started.unseal();
  const stop = new AbortController();
  const items = await started.admin.stream(audit.tail, {}, { signal: stop.signal });
  assert.ok(Symbol.asyncIterator in items);
  const next = items[Symbol.asyncIterator]();
  const first = next.next();
  await started.enroll('web1');
  assert.equal((await first).value?.operation, 'machines.enroll');
  stop.abort();
  assert.equal((await next.next()).done, true);
});

test('a key slot added or removed is on record, and the last one stays', async () => {
  await using started = await startKeep();
  await started.unseal();
  const added = await started.admin.call(keyslots.add, {
    kind: 'key-file',
    secret: Buffer.alloc(32, 8),
    label: 'spare',
  });
  assert.ok(added.kind === 'ok');
  const slots = await started.admin.call(keyslots.list, {});
  assert.deepEqual(slots.kind === 'ok' && slots.value.slots.map(({ label }) => label).sort(), ['first', 'spare']);
  assert.equal((await started.admin.call(keyslots.remove, { id: added.value.slot.id })).kind, 'ok');
  const [last] = slots.kind === 'ok' ? slots.value.slots.filter(({ id }) => id !== added.value.slot.id) : [];
  const refused = await started.admin.call(keyslots.remove, { id: last?.id ?? '' });
  assert.equal(refused.kind === 'refused' && refused.code, 'last-keyslot');
  const records = await started.admin.call(audit.list, { limit: 3 });
  assert.deepEqual(
    records.kind === 'ok' && records.value.records.map(({ operation, decision }) => [operation, decision]),
    [
      ['keyslots.remove', 'refused'],
      ['keyslots.remove', 'changed'],
      ['keyslots.add', 'changed'],
    ],
  );
});

test('policy explains itself', async () => {
  await using started = await startKeep();
  await started.unseal();
  const ask = (principal: string, capability: string) =>
    started.admin.call(policy.test, { principal, capability, path: 'zurich/web1' });
  const yes = await ask('admin:admin', 'machines.manage');
  const no = await ask('admin:deputy', 'machines.manage');
  const never = await ask('gate:gate', 'machines.manage');
  assert.equal(yes.kind === 'ok' && yes.value.allowed, true);
  assert.deepEqual(
    [no, never].map((it) => it.kind === 'ok' && it.value.allowed),
    [false, false],
  );
  assert.match(no.kind === 'ok' ? no.value.because : '', /no grant/);
  assert.match(never.kind === 'ok' ? never.value.because : '', /whatever is granted/);
});

test('a backup streams as many bytes as it said', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1');
  const items = await started.admin.stream(system.backup, {});
  assert.ok(Symbol.asyncIterator in items);
  let announced = 0;
  let received = 0;
  for await (const item of items) {
    if ('sizeBytes' in item) announced = item.sizeBytes;
    else received += item.chunk.length;
  }
  assert.ok(announced > 0);
  assert.equal(received, announced);
});
