// Every byte that lies in the store, changed, moved or cut: noticed, named, and never taken for absent.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { fillRandom } from '@chatelaine/secret';
import { parseAnchor } from './anchor.ts';
import { readSlot } from './key-slot.ts';
import { RootKey } from './root-key.ts';
import { RootKeys } from './root-keys.ts';
import { openAudit, openRecord } from './sealed-value.ts';
import type { MemoryStore } from './testing/memory-store.ts';
import { accepted, makeVault, putRecord, readRecord } from './testing/test-vault.ts';
import { DamagedRecordError } from './vault.ts';
import { parseHeader } from './vault-header.ts';
import { unwrapKey } from './wrapped-key.ts';

const flip = (bytes: Uint8Array, bit: number): Buffer => {
  const flipped = Buffer.from(bytes);
  flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  return flipped;
};

const replace = (store: MemoryStore, key: string, value: Uint8Array): void => {
  const entry = store.state.entries.get(key);
  assert.ok(entry !== undefined);
  store.state.entries.set(key, { ...entry, value });
};

const keysOf = (store: MemoryStore, prefix: string): string[] =>
  [...store.state.entries.keys()].filter((key) => key.startsWith(prefix)).sort();

test('one flipped bit, or any cut, of a record makes it damaged', async (t) => {
  const { vault, store } = await makeVault(t);
  await putRecord(vault, 'c', 'name', 'value');
  const [key = ''] = keysOf(store, '03');
  const value = Buffer.from(store.state.entries.get(key)?.value ?? []);
  for (let bit = 0; bit < value.length * 8; bit++) {
    replace(store, key, flip(value, bit));
    await assert.rejects(readRecord(vault, 'c', 'name'), DamagedRecordError);
    await assert.rejects(vault.list('c', '', { limit: 1 }), DamagedRecordError);
  }
  for (let size = 0; size < value.length; size++) {
    replace(store, key, value.subarray(0, size));
    await assert.rejects(readRecord(vault, 'c', 'name'), DamagedRecordError);
  }
  replace(store, key, value);
  assert.equal(await readRecord(vault, 'c', 'name'), 'value');
});

test('a record put in the place of any other, in any collection, is damaged', async (t) => {
  const { vault, store } = await makeVault(t);
  const places = [
    ['c', 'a'],
    ['c', 'b'],
    ['c', 'a/b'],
    ['d', 'a'],
  ] as const;
  for (const [collection, path] of places) await putRecord(vault, collection, path, 'same length');
  const keys = keysOf(store, '03');
  const values = new Map(keys.map((key) => [key, store.state.entries.get(key)?.value ?? new Uint8Array(0)]));
  for (const at of keys) {
    for (const from of keys) {
      if (at === from) continue;
      replace(store, at, values.get(from) ?? new Uint8Array(0));
      let damaged = 0;
      for (const [collection, path] of places) {
        await readRecord(vault, collection, path).catch((error: unknown) => {
          assert.ok(error instanceof DamagedRecordError);
          damaged++;
        });
      }
      assert.equal(damaged, 1);
      replace(store, at, values.get(at) ?? new Uint8Array(0));
    }
  }
});

test('one flipped bit, or any cut, of header, slots and wrapped keys is a refusal', async (t) => {
  const { vault, store, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'name', 'value');
  const keys = keysOf(store, '00').concat(keysOf(store, '01'), keysOf(store, '02'));
  assert.equal(keys.length, 6);
  for (const key of keys) {
    const value = Buffer.from(store.state.entries.get(key)?.value ?? []);
    const isSlot = key.startsWith('01');
    const check = async (changed: Uint8Array, what: string): Promise<void> => {
      replace(store, key, changed);
      const opened = await reopen();
      assert.ok(opened.kind === 'refused', what);
      const codes = ['damaged', 'unsupported-format', ...(isSlot ? ['wrong-key'] : [])];
      assert.ok(codes.includes(opened.code), `${what}: ${opened.code}`);
    };
    for (let bit = 0; bit < value.length * 8; bit++) await check(flip(value, bit), `bit ${bit} of ${key}`);
    for (let size = 0; size < value.length; size += 7) await check(value.subarray(0, size), `${size} bytes of ${key}`);
    replace(store, key, value);
  }
  accepted(await reopen());
});

test('wrapped keys and slots moved to another place do not open', async (t) => {
  const { vault, store, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'name', 'value');
  await putRecord(vault, 'd', 'name', 'value');
  const saved = store.copy();
  const wrapped = keysOf(store, '02');
  for (const [index, key] of wrapped.entries()) {
    replace(store, key, saved.entries.get(wrapped[(index + 1) % wrapped.length] ?? '')?.value ?? new Uint8Array(0));
    const opened = await reopen();
    assert.equal(opened.kind === 'refused' && opened.code, 'damaged');
    replace(store, key, saved.entries.get(key)?.value ?? new Uint8Array(0));
  }
  const [slot = ''] = keysOf(store, '01');
  const entry = store.state.entries.get(slot);
  assert.ok(entry !== undefined);
  store.state.entries.delete(slot);
  const elsewhere = Buffer.from(entry.key).fill(7, 1);
  store.state.entries.set(elsewhere.toString('hex'), { ...entry, key: elsewhere });
  const opened = await reopen();
  assert.equal(opened.kind === 'refused' && opened.code, 'wrong-key');
});

test('a key that was taken away is damage, never a collection that is empty', async (t) => {
  const { vault, store, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'name', 'value');
  for (const prefix of ['0201', '0202', '00']) {
    const saved = store.copy();
    for (const key of keysOf(store, prefix)) store.state.entries.delete(key);
    const opened = await reopen();
    assert.equal(opened.kind === 'refused' && opened.code, 'damaged');
    store.state = saved;
  }
  for (const key of keysOf(store, '0203')) store.state.entries.delete(key);
  const without = accepted(await reopen());
  await assert.rejects(readRecord(without, 'c', 'name'), DamagedRecordError);
  await assert.rejects(without.list('c', '', { limit: 1 }), DamagedRecordError);
  await assert.rejects(putRecord(without, 'c', 'other', 'value'), /data key is missing/);
});

test('one flipped bit, or any cut, of an audit payload does not open', async (t) => {
  const { vault, store } = await makeVault(t);
  await putRecord(vault, 'c', 'name', 'value');
  const [entry] = await store.audit(0, { from: 1, limit: 1 });
  assert.ok(entry !== undefined);
  for (let bit = 0; bit < entry.payload.length * 8; bit++) {
    assert.throws(() => vault.openAudit({ ...entry, payload: flip(entry.payload, bit) }), DamagedRecordError);
  }
  for (let size = 0; size < entry.payload.length; size++) {
    assert.throws(() => vault.openAudit({ ...entry, payload: entry.payload.subarray(0, size) }), DamagedRecordError);
  }
});

test('one flipped bit, or any cut, of the anchor is a refusal', async (t) => {
  const { vault, anchorPath, reopen } = await makeVault(t);
  await putRecord(vault, 'c', 'name', 'value');
  const anchor = readFileSync(anchorPath);
  const codes = new Set<string>();
  const check = async (bytes: Uint8Array, what: string): Promise<void> => {
    writeFileSync(anchorPath, bytes);
    const opened = await reopen();
    assert.ok(opened.kind === 'refused', what);
    codes.add(opened.code);
  };
  for (let bit = 0; bit < anchor.length * 8; bit++) await check(flip(anchor, bit), `bit ${bit}`);
  for (let size = 0; size < anchor.length; size += 5) await check(anchor.subarray(0, size), `${size} bytes`);
  assert.deepEqual([...codes].sort(), ['anchor-missing', 'damaged', 'unsupported-format']);
  writeFileSync(anchorPath, anchor);
  accepted(await reopen());
});

test('whatever bytes they are given, the readers of header, slots, keys, records and anchor refuse and never throw', () => {
  const root = RootKey.create(fillRandom);
  using roots = new RootKeys(root);
  const key = { number: 1, key: root.wrapping };
  let seed = 1;
  const next = (): number => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed;
  };
  for (let round = 0; round < 20_000; round++) {
    const bytes = Buffer.from(Array.from({ length: next() % 200 }, () => next() % 256));
    if (round % 2 === 0 && bytes.length > 5) {
      bytes[0] = 1;
      bytes.writeUInt32BE(next() % (bytes.length + 3), 1);
      if (round % 4 === 0) bytes.write('{"purpose":1}', 5);
    }
    assert.equal(parseHeader(bytes).kind, 'refused');
    assert.equal(parseAnchor(bytes).kind, 'refused');
    const at = new Uint8Array(bytes.subarray(0, 30)).fill(round % 4, 0, 1);
    assert.equal(readSlot({ key: at, value: bytes, revision: 1 }).kind, 'refused');
    assert.equal(unwrapKey({ key: at, value: bytes, revision: 1 }, roots).kind, 'refused');
    assert.equal(openRecord(bytes, at, key), undefined);
    assert.equal(openAudit(bytes, round % 3, key), undefined);
  }
});
