import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, type InputOf, keyslots, machines, type OutputOf, system } from '@chatelaine/contract';
import { type StartedKeep, startKeep } from '../testing/start-keep.ts';

const both = { root: true, data: true };

const statusOf = async (started: StartedKeep): Promise<OutputOf<typeof system.status>> => {
  const status = await started.admin.call(system.status, {});
  assert.ok(status.kind === 'ok');
  return status.value;
};

const untilRotated = async (started: StartedKeep): Promise<void> => {
  while ((await statusOf(started)).rotation !== undefined) await new Promise((resolve) => setTimeout(resolve, 5));
};

const enrolMany = async (started: StartedKeep, count: number): Promise<void> => {
  const settings: machines.MachineSettings = {
    ...{ host: '', checker: '', timeoutMs: 300_000, extendedTimeoutMs: 900_000, intervalMs: 120_000 },
    ...{ approvalDelayMs: 0, approvalDurationMs: 1_000, approvedByDefault: true },
  };
  for (let index = 0; index < count; index += 10) {
    const some: InputOf<typeof machines.enroll>['machines'] = Array.from({ length: 10 }, (_, at) => ({
      name: `m${index + at}`,
      keyId: `${index + at}`.padStart(64, '0'),
      secret: Buffer.from(`secret ${index + at}`),
      enabled: true,
      settings,
    }));
    assert.equal((await started.admin.call(machines.enroll, { machines: some, replace: false })).kind, 'ok');
  }
};

test('keys are rotated while machines are served, the status says so, and both ends are on record', async () => {
  await using started = await startKeep();
  await started.unseal();
  await enrolMany(started, 100);
  const pair = await started.enroll('web1');
  const before = await statusOf(started);
  const begun = await started.admin.call(system.rotate, both);
  assert.ok(begun.kind === 'ok');
  assert.notEqual(begun.value.rootKeyId, before.rootKeyId);
  const during = await statusOf(started);
  assert.deepEqual(
    [during.rotation?.root, during.rotation?.data, during.rootKeyId],
    [true, true, begun.value.rootKeyId],
  );
  const twice = await started.admin.call(system.rotate, both);
  assert.ok(twice.kind === 'refused' && twice.code === 'conflict');
  assert.equal((await started.fetch(pair)).kind, 'ok');
  await untilRotated(started);
  assert.equal((await started.fetch(pair)).kind, 'ok');
  const listed = await started.admin.call(audit.list, { limit: 200 });
  assert.ok(listed.kind === 'ok');
  const rotations = listed.value.records.filter(({ operation }) => operation === 'system.rotate').reverse();
  const phases = rotations.map(({ decision, facts }) => [decision, facts[0]?.value]);
  assert.deepEqual(phases, [
    ['changed', 'begun'],
    ['refused', undefined],
    ['changed', 'done'],
  ]);
});

test('a keep that is stopped in the middle goes on by itself when it is opened again', async () => {
  let started = await startKeep();
  await started.unseal();
  await enrolMany(started, 200);
  assert.equal((await started.admin.call(system.rotate, both)).kind, 'ok');
  started = await started.restart(0);
  await using ended = started;
  assert.equal((await statusOf(ended)).rotation, undefined, 'while sealed nobody knows');
  await ended.unseal();
  const { rotation } = await statusOf(ended);
  assert.ok(rotation !== undefined && rotation.problem === undefined);
  await untilRotated(ended);
  const shown = await ended.admin.call(machines.exportSecret, { name: 'm42' });
  assert.ok(shown.kind === 'ok');
  assert.equal(Buffer.from(shown.value.secret).toString(), 'secret 42');
});

test('the last slot that opens a backup anywhere stays, whatever others there are', async () => {
  await using started = await startKeep();
  await started.unseal();
  const added = await started.admin.call(keyslots.add, { kind: 'systemd-creds', secret: Buffer.alloc(32), label: '' });
  assert.ok(added.kind === 'ok');
  const slots = await started.admin.call(keyslots.list, {});
  assert.ok(slots.kind === 'ok');
  const first = slots.value.slots.find(({ kind }) => kind === 'key-file')?.id ?? '';
  const refused = await started.admin.call(keyslots.remove, { id: first });
  assert.ok(refused.kind === 'refused' && refused.code === 'last-keyslot');
  assert.equal((await started.admin.call(keyslots.remove, { id: added.value.slot.id })).kind, 'ok');
});

test('a record that does not open makes it stand still, and says which; once it is gone, it goes on', async () => {
  await using started = await startKeep();
  await started.unseal();
  await enrolMany(started, 10);
  const page = await started.store.list(Uint8Array.of(3), { limit: 1 });
  assert.ok('entries' in page);
  const [entry] = page.entries;
  assert.ok(entry !== undefined);
  const { key, value } = entry;
  const put = async (bytes: Uint8Array): Promise<void> => {
    await started.store.commit({ conditions: [], puts: [{ key, value: bytes }], deletes: [], audit: [] });
  };
  await put(Uint8Array.from(value, (byte, at) => (at === value.length - 1 ? byte ^ 1 : byte)));
  assert.equal((await started.admin.call(system.rotate, both)).kind, 'ok');
  let problem: string | undefined;
  while (problem === undefined) {
    problem = (await statusOf(started)).rotation?.problem;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.ok(problem.includes(Buffer.from(key).toString('hex')), problem);
  await put(value);
  assert.equal((await started.admin.call(system.rotate, { root: false, data: true })).kind, 'ok');
  await untilRotated(started);
  const shown = await started.admin.call(machines.exportSecret, { name: 'm3' });
  assert.ok(shown.kind === 'ok');
});
