import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SecretBytes } from '@chatelaine/secret';
import { BlindedNames } from './blinded-names.ts';
import { makeVault, putRecord } from './testing/test-vault.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the same name differs by collection, by parent and by key', () => {
  using key = SecretBytes.random(32);
  using other = SecretBytes.random(32);
  const names = new BlindedNames(key);
  const seen = [
    names.blind('c', 'a'),
    names.blind('d', 'a'),
    names.blind('c', 'b'),
    names.blind('c', 'a/a'),
    names.blind('c', 'b/a'),
    new BlindedNames(other).blind('c', 'a'),
  ].map(({ text }) => text);
  assert.equal(new Set(seen).size, seen.length);
  const lasts = seen.map((text) => text.slice(-16));
  assert.equal(new Set(lasts).size, seen.length);
});

test('what lies below a path begins with its key, and nothing else does', () => {
  using key = SecretBytes.random(32);
  const names = new BlindedNames(key);
  const prefix = hex(names.prefix('c', 'a/b'));
  assert.equal(prefix, hex(names.blind('c', 'a/b').key));
  assert.ok(hex(names.blind('c', 'a/b/c/d').key).startsWith(prefix));
  for (const path of ['a', 'a/bc', 'b/a', 'a/c/b']) assert.ok(!hex(names.blind('c', path).key).startsWith(prefix));
  assert.ok(prefix.startsWith(hex(names.prefix('c', ''))));
  assert.ok(!prefix.startsWith(hex(names.prefix('d', ''))));
});

test('a name is the same whether it is remembered or not', () => {
  using key = SecretBytes.random(32);
  const names = new BlindedNames(key);
  const first = Array.from({ length: 60_000 }, (_, index) => names.blind('c', `m/${index}`).text);
  const again = Array.from({ length: 60_000 }, (_, index) => names.blind('c', `m/${index}`).text);
  assert.deepEqual(again, first);
  const fresh = new BlindedNames(key);
  assert.equal(fresh.blind('c', 'm/7').text, first[7]);
});

test('neither a name nor a value shows in the store', async (t) => {
  const { vault, store } = await makeVault(t);
  await putRecord(vault, 'collection-name', 'segment-one/segment-two', 'value-in-clear');
  await vault.addSlot({ kind: 'key-file', secret: Buffer.from('slot-secret-in-clear') }, 'shown', 0);
  const everything = Buffer.concat([
    ...[...store.state.entries.values()].flatMap(({ key, value }) => [key, value]),
    ...[...store.state.lanes.values()].flat().map(({ payload }) => payload),
  ]);
  for (const text of [
    'collection-name',
    'segment-one',
    'segment-two',
    'value-in-clear',
    'slot-secret-in-clear',
    'put ',
  ]) {
    for (const encoding of ['utf8', 'hex', 'base64'] as const) {
      const needle = Buffer.from(Buffer.from(text).toString(encoding).replace(/=+$/, '').slice(0, -1));
      assert.ok(!everything.includes(needle), `${text} as ${encoding}`);
    }
  }
  assert.ok(everything.includes(Buffer.from('shown')));
});
