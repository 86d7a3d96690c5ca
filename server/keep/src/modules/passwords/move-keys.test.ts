import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passwords, type Result } from '@chatelaine/contract';
import { startKeep } from '../../testing/start-keep.ts';

const must = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(`${result.code} ${result.field ?? ''} ${result.message ?? ''}`);
  return result.value;
};

const whole = (key: string, values: Record<string, string>, expiry?: passwords.WholeKey['expiry']) => ({
  key,
  values: Object.entries(values).map(([format, value]) => ({ format, value: Buffer.from(value) })),
  ...(expiry !== undefined && { expiry }),
});

test('keys arrive byte for byte, are compared without being shown, and leave the same', async () => {
  await using started = await startKeep();
  await started.unseal();
  const { admin } = started;
  const keys = [
    whole('user1', { plain: 'a', sha1: '{SHA}x\n', MySQL: '*A' }),
    whole('hiera/x/foo::bar', { plain: '' }, { atUnixMs: 1_900_000_000_000.25, periodSeconds: 0.5 }),
  ];
  assert.deepEqual(must(await admin.call(passwords.compare, { keys })).found, ['absent', 'absent']);
  assert.deepEqual(must(await admin.call(passwords.importKeys, { keys, replace: false })), {
    stored: 2,
    unchanged: 0,
  });
  assert.deepEqual(must(await admin.call(passwords.compare, { keys })).found, ['same', 'same']);
  for (const { key, ...rest } of keys) {
    const left = must(await admin.call(passwords.exportKey, { key }));
    assert.deepEqual(
      left.values.map(({ format, value }) => [format, Buffer.from(value).toString()]),
      rest.values.map(({ format, value }) => [format, value.toString()]),
    );
    assert.deepEqual(left.expiry, rest.expiry);
  }
});

test('what is there and differs is replaced only if that was said, and can be rolled back to', async () => {
  await using started = await startKeep();
  await started.unseal();
  const { admin } = started;
  must(await admin.call(passwords.importKeys, { keys: [whole('a', { plain: 'old' })], replace: false }));
  const keys = [whole('new', { plain: 'x' }), whole('a', { plain: 'new' })];
  const refused = await admin.call(passwords.importKeys, { keys, replace: false });
  assert.equal(refused.kind === 'refused' && `${refused.code} ${refused.field}`, 'already-exists keys.1.key');
  assert.deepEqual(must(await admin.call(passwords.compare, { keys })).found, ['absent', 'different']);
  assert.equal(must(await admin.call(passwords.importKeys, { keys, replace: true })).stored, 2);
  must(await admin.call(passwords.rollBack, { key: 'a', version: 1 }));
  const back = must(await admin.call(passwords.get, { key: 'a', format: 'plain' }));
  assert.equal(Buffer.from(back.value).toString(), 'old');
});
