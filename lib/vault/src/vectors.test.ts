// Stores of today must open for ever: the vectors are kept, never made anew.

import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type FillRandom, SecretBytes } from '@chatelaine/secret';
import { auditHash, firstAuditHash } from '@chatelaine/store';
import { isAnchorGenuine, parseAnchor, sealAnchor } from './anchor.ts';
import { BlindedNames } from './blinded-names.ts';
import { type AuditCheck, openVault, verifyAuditChain } from './index.ts';
import { openSlot, readSlot, sealSlot } from './key-slot.ts';
import { RootKey } from './root-key.ts';
import { RootKeys } from './root-keys.ts';
import { openAudit, openRecord, sealAudit, sealRecord } from './sealed-value.ts';
import type { WrappedKeyPlace } from './store-keys.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { type DumpedStore, openPlainly, type PlainContents } from './testing/plain-opener.ts';
import { accepted, readRecord, temporaryDirectory } from './testing/test-vault.ts';
import type { KeySlotKind } from './vault.ts';
import { isHeaderGenuine, parseHeader, type VaultPurpose } from './vault-header.ts';
import { unwrapKey, wrapKey } from './wrapped-key.ts';

const load = <T>(name: string): T =>
  JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
const secret = (text: string): SecretBytes => SecretBytes.copyOf(bytes(text));

/** Gives these bytes one after the other, and fails where another length is asked for. */
const replay = (...parts: readonly string[]): FillRandom => {
  const left = parts.map(bytes);
  return (target) => {
    const part = left.shift();
    assert.equal(part?.length, target.length);
    target.set(part ?? []);
  };
};

test('keys are derived from the root key as the vectors say', () => {
  const vector = load<Record<'rootKey' | 'rootKeyId' | 'wrapping' | 'header' | 'anchor', string>>('keys');
  using root = new RootKey(secret(vector.rootKey));
  assert.equal(root.id, vector.rootKeyId);
  for (const key of ['wrapping', 'header', 'anchor'] as const) assert.equal(hex(root[key].bytes), vector[key]);
});

test('names are blinded as the vectors say', () => {
  type Name = Record<'collection' | 'path' | 'collectionId' | 'key', string>;
  const vector = load<{ blindingKey: string; names: Name[] }>('names');
  using key = secret(vector.blindingKey);
  const names = new BlindedNames(key);
  for (const name of vector.names) {
    assert.equal(hex(names.collectionId(name.collection)), name.collectionId);
    assert.equal(hex(names.blind(name.collection, name.path).key), name.key);
  }
});

test('records are sealed and open as the vectors say', () => {
  type Sealed = { number: number } & Record<'key' | 'path' | 'value' | 'nonce' | 'sealed', string>;
  const vector = load<{ dataKey: string; records: Sealed[] }>('records');
  using dataKey = secret(vector.dataKey);
  for (const record of vector.records) {
    const key = { number: record.number, key: dataKey };
    const made = { at: bytes(record.key), path: record.path, content: bytes(record.value) };
    assert.equal(hex(sealRecord(made, key, replay(record.nonce))), record.sealed);
    const opened = openRecord(bytes(record.sealed), bytes(record.key), key);
    assert.equal(opened?.path, record.path);
    assert.equal(hex(opened?.value.bytes ?? bytes('ff')), record.value);
    opened?.value.release();
  }
});

test('audit payloads are sealed and open as the vectors say', () => {
  type Sealed = { number: number; lane: number } & Record<'record' | 'nonce' | 'sealed', string>;
  const vector = load<{ auditKey: string; payloads: Sealed[] }>('audit');
  using auditKey = secret(vector.auditKey);
  for (const { number, lane, record, nonce, sealed } of vector.payloads) {
    const key = { number, key: auditKey };
    assert.equal(hex(sealAudit(bytes(record), lane, key, replay(nonce))), sealed);
    using opened = openAudit(bytes(sealed), lane, key);
    assert.equal(hex(opened?.bytes ?? bytes('ff')), record);
  }
});

test('key slots are sealed and open as the vectors say', async () => {
  type Slot = {
    kind: Exclude<KeySlotKind, 'shares'>;
    createdAtUnixMs: number;
    passes?: number;
    memoryKiB?: number;
  } & Record<'secret' | 'label' | 'id' | 'salt' | 'nonce' | 'key' | 'value', string>;
  const vector = load<{ rootKey: string; slots: Slot[] }>('key-slots');
  using root = new RootKey(secret(vector.rootKey));
  for (const slot of vector.slots) {
    const slotSecret = { kind: slot.kind, secret: bytes(slot.secret) };
    const made = accepted(
      await sealSlot({
        slot: { ...slotSecret, label: slot.label },
        root,
        nowUnixMs: slot.createdAtUnixMs,
        cost: { passes: slot.passes ?? 0, memoryKiB: slot.memoryKiB ?? 0 },
        fill: replay(slot.id, slot.salt, slot.nonce, '00'.repeat(24)),
      }),
    );
    assert.deepEqual([hex(made.slot.key), hex(made.slot.value)], [slot.key, slot.value]);
    const stored = accepted(readSlot({ key: bytes(slot.key), value: bytes(slot.value), revision: 1 }));
    const opened = await openSlot(stored, slotSecret);
    assert.ok(opened?.kind === 'ok');
    assert.equal(hex(opened.value.root.secret.bytes), vector.rootKey);
    opened.value.root.release();
  }
});

test('wrapped keys are sealed and open as the vectors say', () => {
  type Wrapped = {
    kind: Exclude<WrappedKeyPlace['kind'], 'recipient'>;
    number: number;
    collectionId?: string;
  } & Record<'collection' | 'wrappedKey' | 'nonce' | 'key' | 'value', string>;
  const vector = load<{ rootKey: string; keys: Wrapped[] }>('wrapped-keys');
  const root = new RootKey(secret(vector.rootKey));
  using roots = new RootKeys(root);
  for (const { kind, number, collectionId = '', ...wrapped } of vector.keys) {
    const place: WrappedKeyPlace =
      kind === 'data' ? { kind, number, collectionId: new Uint8Array(bytes(collectionId)) } : { kind, number };
    using key = secret(wrapped.wrappedKey);
    const made = wrapKey({ place, collection: wrapped.collection, key }, root, replay(wrapped.nonce));
    assert.deepEqual([hex(made.key), hex(made.value)], [wrapped.key, wrapped.value]);
    const opened = accepted(unwrapKey({ ...made, revision: 1 }, roots));
    assert.equal(hex(opened.key.bytes), wrapped.wrappedKey);
    assert.deepEqual([{ ...opened.place }, opened.collection], [place, wrapped.collection]);
    opened.key.release();
  }
});

test('headers of format 1 are checked as the vectors say', () => {
  type Header = { purpose: VaultPurpose; createdAtUnixMs: number; nonce: string; value: string };
  const vector = load<{ rootKey: string; headers: Header[] }>('header');
  using root = new RootKey(secret(vector.rootKey));
  for (const { nonce, value, ...head } of vector.headers) {
    const box = accepted(parseHeader(bytes(value)));
    const epoch = { number: 0, startedAtUnixMs: head.createdAtUnixMs };
    assert.deepEqual(box.head, { ...head, rootKeyId: root.id, epoch });
    assert.ok(isHeaderGenuine(box, root));
  }
});

test('anchors are sealed and checked as the vectors say', () => {
  type Heads = { lane: number; sequence: number; hash: string }[];
  type Written = { storeId: string; revision: number; heads: Heads; nonce: string; file: string };
  const vector = load<{ rootKey: string; anchors: Written[] }>('anchor');
  using root = new RootKey(secret(vector.rootKey));
  for (const { storeId, revision, nonce, file, ...written } of vector.anchors) {
    const heads = written.heads.map((head) => ({ ...head, hash: bytes(head.hash) }));
    assert.equal(hex(sealAnchor({ storeId, revision, heads }, root, replay(nonce))), file);
    const anchor = accepted(parseAnchor(bytes(file)));
    assert.ok(isAnchorGenuine(anchor, root));
    assert.deepEqual([anchor.storeId, anchor.revision, anchor.heads], [storeId, revision, heads]);
  }
});

interface Golden extends DumpedStore {
  readonly passPhrase: string;
  readonly keyFile: string;
  readonly entries: readonly { readonly key: string; readonly value: string; readonly revision: number }[];
  readonly audit: readonly { lane: number; sequence: number; hash: string; payload: string }[];
  readonly contents: PlainContents;
}

test('the golden vault opens with both of its slots, whole', async (t) => {
  const golden = load<Golden>('golden-vault');
  const store = new MemoryStore(golden.storeId);
  store.state.revision = golden.revision;
  for (const { key, value, revision } of golden.entries) {
    store.state.entries.set(key, { key: bytes(key), value: bytes(value), revision });
  }
  for (const { hash, payload, ...at } of golden.audit) {
    const entry = { ...at, hash: bytes(hash), payload: bytes(payload) };
    store.state.lanes.set(at.lane, [...(store.state.lanes.get(at.lane) ?? []), entry]);
    store.state.heads.set(at.lane, { ...at, hash: bytes(hash) });
    const previous = store.state.lanes.get(at.lane)?.at(-2)?.hash ?? firstAuditHash;
    assert.equal(hex(auditHash({ ...at, previous, payload: bytes(payload) })), hash);
  }
  const anchorPath = join(temporaryDirectory(t), 'anchor');
  writeFileSync(anchorPath, bytes(golden.anchor ?? ''));
  for (const slot of [
    { kind: 'pass-phrase', secret: bytes(golden.passPhrase) },
    { kind: 'key-file', secret: bytes(golden.keyFile) },
  ] as const) {
    const vault = accepted(await openVault({ store, secret: slot, anchorPath, purpose: 'production' }));
    assert.equal(vault.rootKeyId, golden.contents.rootKeyId);
    for (const { collection, path, value } of golden.contents.records) {
      assert.equal(await readRecord(vault, collection, path), bytes(value).toString());
    }
    const opened = [...store.state.lanes.values()].flat().map((entry) => {
      const record = vault.openAudit(entry);
      const text = hex(record.bytes);
      record.release();
      return { lane: entry.lane, record: text };
    });
    assert.deepEqual(opened, golden.contents.audit);
    await vault.close();
  }
  let last: AuditCheck | undefined;
  for await (const check of verifyAuditChain(store)) last = check;
  assert.deepEqual(last, { kind: 'intact', records: golden.audit.length, anchored: 0 });
});

test('an opener written from the page alone reads the golden vault just the same', () => {
  const golden = load<Golden>('golden-vault');
  for (const [kind, text] of [
    ['pass-phrase', golden.passPhrase],
    ['key-file', golden.keyFile],
  ] as const) {
    assert.deepEqual(openPlainly(golden, kind, bytes(text)), golden.contents);
  }
  assert.throws(() => openPlainly(golden, 'key-file', bytes(golden.passPhrase)), /no slot/);
});
