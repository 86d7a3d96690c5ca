import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeAnswer, encodeQuery, isSameName } from './dns-message.ts';

const name = (...labels: string[]): Buffer =>
  Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.from([label.length]), Buffer.from(label)])),
    Buffer.of(0),
  ]);
const u16 = (...numbers: number[]): Buffer => Buffer.from(numbers.flatMap((number) => [number >> 8, number & 0xff]));
const header = (records: number, flags = 0x8400): Buffer => u16(0, flags, 0, records, 0, 0);
const record = (owner: Buffer, type: number, data: Buffer): Buffer =>
  Buffer.concat([owner, u16(type, 0x8001, 0, 120, data.length), data]);

const service = name('Mandos', '_mandos', '_tcp', 'local');
const whole = Buffer.concat([
  header(4),
  record(name('_mandos', '_tcp', 'local'), 12, service),
  record(service, 33, Buffer.concat([u16(0, 0, 14_711), name('server', 'local')])),
  record(name('server', 'local'), 28, Buffer.from('fe80000000000000000000000000000a', 'hex')),
  record(name('server', 'local'), 1, Buffer.of(192, 0, 2, 7)),
]);

test('an answer gives the service, its port and its addresses', () => {
  assert.deepEqual(decodeAnswer(whole), [
    { name: ['_mandos', '_tcp', 'local'], type: 'PTR', target: ['Mandos', '_mandos', '_tcp', 'local'] },
    { name: ['Mandos', '_mandos', '_tcp', 'local'], type: 'SRV', port: 14_711, target: ['server', 'local'] },
    { name: ['server', 'local'], type: 'AAAA', address: 'fe80:0:0:0:0:0:0:a' },
    { name: ['server', 'local'], type: 'A', address: '192.0.2.7' },
  ]);
});

test('names may point backwards, never forwards or at themselves', () => {
  const owner = name('_mandos', '_tcp', 'local');
  const back = Buffer.concat([header(1), record(owner, 12, Buffer.concat([Buffer.from('\x06Mandos'), u16(0xc00c)]))]);
  const [first] = decodeAnswer(back) ?? [];
  assert.deepEqual(first?.type === 'PTR' && first.target, ['Mandos', '_mandos', '_tcp', 'local']);
  for (const target of [back.length - 2, back.length - 9, 0xfff]) {
    const forward = Buffer.concat([back.subarray(0, -2), u16(0xc000 | target)]);
    assert.equal(decodeAnswer(forward), undefined);
  }
});

test('questions, refusals and messages that were cut are no answers', () => {
  assert.equal(decodeAnswer(encodeQuery([{ name: ['a'], type: 'PTR' }])), undefined);
  assert.equal(decodeAnswer(Buffer.concat([header(0, 0x8403)])), undefined);
  for (let size = 0; size < whole.length; size++) assert.equal(decodeAnswer(whole.subarray(0, size)), undefined);
});

test('whatever comes over the network is read or refused, and reading ends', () => {
  const bytes = fc.uint8Array({ maxLength: 600 }).map((tail) => Buffer.concat([header(2), tail]));
  const changed = fc
    .tuple(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length - 1), fc.nat(255))
    .map(([one, value, other, second]) => {
      const copy = Buffer.from(whole);
      copy[one] = value;
      copy[other] = second;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(bytes, changed), (message) => {
      const records = decodeAnswer(message);
      assert.ok(records === undefined || records.length <= 256);
    }),
    { numRuns: 2_000 },
  );
});

test('names are the same whatever their capitals', () => {
  assert.ok(isSameName(['Mandos', 'local'], ['mandos', 'LOCAL']));
  assert.ok(!isSameName(['mandos', 'local'], ['mandos.local']));
});
