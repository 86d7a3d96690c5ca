import assert from 'node:assert/strict';
import test from 'node:test';
import { audit, machines } from '@chatelaine/contract';
import { clientOf, settings, startKeep } from '../../testing/start-keep.ts';

test('an exported secret is the one that was enrolled, and each export is on record', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1', { enabled: false });
  const exported = await started.admin.call(machines.exportSecret, { name: 'web1' });
  assert.equal(exported.kind === 'ok' && Buffer.from(exported.value.secret).toString(), 'blob of web1');
  const records = await started.admin.call(audit.list, { limit: 1, object: 'machines/web1' });
  const [record] = records.kind === 'ok' ? records.value.records : [];
  assert.equal(record?.operation, 'machines.export-secret');
  assert.equal(record?.decision, 'released');
  assert.equal(record?.who, 'admin:admin');
});

test('the secret of a machine that named people have to approve is not exported, be they named for it or for its branch', async () => {
  await using started = await startKeep();
  await started.unseal();
  const approval = { required: 1, approvers: ['anna'] };
  await started.enroll('web1', { settings: { ...settings, approval } });
  await started.enroll('zurich/web2');
  assert.equal((await started.admin.call(machines.setRule, { path: 'zurich', approval })).kind, 'ok');
  for (const name of ['web1', 'zurich/web2']) {
    const refused = await started.admin.call(machines.exportSecret, { name });
    assert.equal(refused.kind === 'refused' && refused.code, 'needs-signatures');
  }
});

test('nobody but an administrator may ask, and what is not there is not found', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1');
  for (const role of ['gate', 'bus', 'watch', 'courier'] as const) {
    const refused = await clientOf(started.keep, role).call(machines.exportSecret, { name: 'web1' });
    assert.equal(refused.kind === 'refused' && refused.code, 'denied');
  }
  const unknown = await started.admin.call(machines.exportSecret, { name: 'web2' });
  assert.equal(unknown.kind === 'refused' && unknown.code, 'not-found');
});
