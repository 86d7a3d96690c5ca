// What lies in the store and beside it, which anybody may have changed: header, key slots, wrapped keys, anchor, records, audit
// payloads; and the text of a share, which anybody may type. Nothing that was changed may open.

import assert from 'node:assert/strict';
import { SecretBytes } from '@chatelaine/secret';
import fc from 'fast-check';
import { isAnchorGenuine, parseAnchor } from '../../lib/vault/src/anchor.ts';
import { readSlot } from '../../lib/vault/src/key-slot.ts';
import { RootKey } from '../../lib/vault/src/root-key.ts';
import { RootKeys } from '../../lib/vault/src/root-keys.ts';
import { openAudit, openRecord } from '../../lib/vault/src/sealed-value.ts';
import { formatShare, parseShare } from '../../lib/vault/src/share-text.ts';
import { isHeaderGenuine, parseHeader } from '../../lib/vault/src/vault-header.ts';
import { unwrapKey } from '../../lib/vault/src/wrapped-key.ts';
import { fuzzDecoder } from './fuzz-decoder.ts';
import { vectorsIn } from './kept-vectors.ts';

const vectors = <T>(name: string): T => vectorsIn<T>(`lib/vault/vectors/${name}.json`);
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const secret = (hex: string): SecretBytes => SecretBytes.copyOf(bytes(hex));

const { rootKey, headers } = vectors<{ rootKey: string; headers: { value: string }[] }>('header');
const root = new RootKey(secret(rootKey));
const roots = new RootKeys(root);

/** Heads of boxes, with fields in and out of form. */
const head = fc.record(
  {
    kind: fc.constantFrom('pass-phrase', 'key-file', 'shares', 'peer', 'none'),
    label: fc.string({ maxLength: 110 }),
    createdAtUnixMs: fc.oneof(fc.nat(), fc.double(), fc.constant(-1)),
    rootKeyId: fc.oneof(fc.constant(root.id), fc.string({ maxLength: 17 })),
    purpose: fc.constantFrom('production', 'development', ''),
    salt: fc.constantFrom('00'.repeat(16), '00'.repeat(32), ''),
    passes: fc.integer({ min: 0, max: 70 }),
    memoryKiB: fc.integer({ min: 0, max: 5_000_000 }),
    threshold: fc.integer({ min: 0, max: 40 }),
    shares: fc.integer({ min: 0, max: 40 }),
    heads: fc.array(fc.record({ lane: fc.nat(300), sequence: fc.nat(), hash: fc.constant('00'.repeat(32)) }), {
      maxLength: 3,
    }),
    revision: fc.nat(),
    storeId: fc.constant('00'.repeat(16)),
    epoch: fc.record({ number: fc.nat(), startedAtUnixMs: fc.nat() }),
  },
  { requiredKeys: [] },
);

const madeBox = fc
  .tuple(fc.integer({ min: 0, max: 3 }), head, fc.uint8Array({ minLength: 30, maxLength: 80 }))
  .map(([format, fields, rest]) => {
    const text = Buffer.from(JSON.stringify(fields));
    const front = Buffer.alloc(5);
    front.writeUInt8(format);
    front.writeUInt32BE(text.length, 1);
    return Buffer.concat([front, text, rest]);
  });

const boxesOf = (...genuine: readonly string[]): fc.Arbitrary<Uint8Array> =>
  fc.oneof({ arbitrary: fc.constantFrom(...genuine.map(bytes)), weight: 2 }, madeBox);

const words = [
  '"kind"',
  '"shares"',
  '"key-file"',
  '"rootKeyId"',
  '"epoch":{"number":1,"startedAtUnixMs":1}',
  '"lane":255',
  '9007199254740993',
  '{',
  '}',
  root.id,
];

fuzzDecoder({
  name: 'vault-header',
  grammar: boxesOf(...headers.map(({ value }) => value)),
  words,
  decode: (input) => {
    const read = parseHeader(input);
    if (read.kind === 'refused') return false;
    if (isHeaderGenuine(read.value, root))
      assert.ok(
        headers.some(({ value }) => bytes(value).equals(input)),
        'a changed header is no header',
      );
    return true;
  },
});

const { slots } = vectors<{ slots: { key: string; value: string }[] }>('key-slots');
fuzzDecoder({
  name: 'key-slot',
  grammar: boxesOf(...slots.map(({ value }) => value)),
  words,
  decode: (input) => readSlot({ key: bytes(slots[0]?.key ?? ''), value: input, revision: 1 }).kind === 'ok',
});

const { keys } = vectors<{ keys: { key: string; value: string }[] }>('wrapped-keys');
fuzzDecoder({
  name: 'wrapped-key',
  // The store's key in front: both come from the store.
  grammar: fc
    .tuple(fc.constantFrom(...keys), boxesOf(...keys.map(({ value }) => value)))
    .map(([{ key }, value]) => Buffer.concat([Buffer.from([key.length / 2]), bytes(key), value])),
  words,
  decode: (input) => {
    const keyEnd = 1 + (input[0] ?? 0);
    const [key, value] = [input.subarray(1, keyEnd), input.subarray(keyEnd)];
    const opened = unwrapKey({ key, value, revision: 1 }, roots);
    if (opened.kind === 'refused') return false;
    opened.value.key.release();
    assert.ok(
      keys.some((each) => bytes(each.key).equals(key) && bytes(each.value).equals(value)),
      'a changed key does not open',
    );
    return true;
  },
});

const { anchors } = vectors<{ anchors: { file: string }[] }>('anchor');
fuzzDecoder({
  name: 'anchor',
  grammar: boxesOf(...anchors.map(({ file }) => file)),
  words,
  decode: (input) => {
    const read = parseAnchor(input);
    if (read.kind === 'refused') return false;
    if (isAnchorGenuine(read.value, root))
      assert.ok(
        anchors.some(({ file }) => bytes(file).equals(input)),
        'a changed anchor is no anchor',
      );
    return true;
  },
});

const { dataKey, records } = vectors<{ dataKey: string; records: { number: number; key: string; sealed: string }[] }>(
  'records',
);
const recordKey = { number: 1, key: secret(dataKey) };
fuzzDecoder({
  name: 'record',
  grammar: fc.constantFrom(...records.map(({ sealed }) => bytes(sealed))),
  decode: (input) => {
    let isOpen = false;
    for (const { key, sealed, number } of records) {
      const opened = openRecord(input, bytes(key), recordKey);
      if (opened === undefined) continue;
      opened.value.release();
      isOpen = true;
      assert.ok(
        number === 1 && bytes(sealed).equals(input),
        'a changed record does not open, and not in another place',
      );
    }
    return isOpen;
  },
});

const { auditKey, payloads } = vectors<{
  auditKey: string;
  payloads: { number: number; lane: number; sealed: string }[];
}>('audit');
const payloadKey = { number: 1, key: secret(auditKey) };
fuzzDecoder({
  name: 'audit-payload',
  grammar: fc.constantFrom(...payloads.map(({ sealed }) => bytes(sealed))),
  decode: (input) => {
    const opened = openAudit(input, 0, payloadKey);
    if (opened === undefined) return false;
    opened.release();
    assert.ok(
      payloads.some(({ lane, sealed }) => lane === 0 && bytes(sealed).equals(input)),
      'a changed payload does not open',
    );
    return true;
  },
});

const share = {
  storeId: '0123456789abcdef',
  slotId: '00112233aabbccdd',
  threshold: 2,
  number: 1,
  value: secret('5a'.repeat(32)),
};
const shareText = formatShare(share, `${share.storeId}0123456789abcdef`, 3);
const shareLine = Buffer.from(shareText.bytes);
shareText.release();
const packed = (input: Buffer): string =>
  input
    .toString('latin1')
    .replace(/^(?:\s|-|#[^\n]*(?:\n|$))*chshare1-/i, '')
    .toLowerCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('o', '0')
    .replaceAll(/[il]/g, '1');
fuzzDecoder({
  name: 'share',
  grammar: fc.constantFrom(
    shareLine,
    Buffer.from(shareLine.toString('latin1').split('\n').at(-2) ?? ''),
    Buffer.from(shareLine.toString('latin1').toUpperCase()),
  ),
  words: ['chshare1-', '#', '\n', '-', 'o', 'l', ' '],
  decode: (input) => {
    const read = parseShare(input);
    if (read.kind === 'refused') return false;
    read.value.value.release();
    assert.equal(packed(input), packed(shareLine), 'a share with a mistake is none');
    return true;
  },
});
