import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  countAttachments,
  decodeMessage,
  encodeMessage,
  encodeWhole,
  MessageFormError,
  prepareMessage,
} from './message.ts';

const page = readFileSync(new URL('../../../docs/formats/message.md', import.meta.url), 'utf8');

/** Puts byte arrays where the page writes {"$hex": …}. */
const fromPage = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPage);
  const fields = value as Record<string, unknown>;
  if (typeof fields['$hex'] === 'string') return new Uint8Array(Buffer.from(fields['$hex'], 'hex'));
  return Object.fromEntries(Object.entries(fields).map(([key, item]) => [key, fromPage(item)]));
};

const vectors = [...page.matchAll(/^\| `(.*)` \| `([0-9a-f]+)` \|$/gm)].map(([, value = '', hex = '']) => ({
  value: fromPage(JSON.parse(value)),
  bytes: Buffer.from(hex, 'hex'),
}));

const bytesOf = fc.uint8Array({ maxLength: 300 });
const key = fc.string({ unit: 'binary', maxLength: 12 }).filter((name) => name !== '$' && name !== '__proto__');
const { value: anyValue } = fc.letrec<{ readonly value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    bytesOf,
    fc.string({ unit: 'binary' }),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((number) => (Object.is(number, -0) ? 0 : number)),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(key, tie('value'), { maxKeys: 6, noNullPrototype: true }),
  ),
}));

/** Views and buffers are compared as what they are: bytes. */
const asPlain = (value: unknown): unknown => {
  if (value instanceof Uint8Array) return { hex: Buffer.from(value).toString('hex') };
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(asPlain);
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, asPlain(item)]));
};

const message = (head: string, attachments: readonly Uint8Array[] = []): Buffer => {
  const lengths = [Buffer.byteLength(head), attachments.length, ...attachments.map((part) => part.length)];
  const fixed = Buffer.alloc(4 * lengths.length);
  lengths.forEach((length, index) => {
    fixed.writeUInt32BE(length, 4 * index);
  });
  return Buffer.concat([fixed, Buffer.from(head), ...attachments]);
};

describe('the message format', () => {
  test('every vector of the page encodes to its bytes and decodes to its value', () => {
    assert.ok(vectors.length >= 3);
    for (const { value, bytes } of vectors) {
      assert.deepEqual(encodeWhole(value).toString('hex'), bytes.toString('hex'));
      assert.deepEqual(asPlain(decodeMessage(bytes)), asPlain(value));
    }
  });

  test('every value comes back as it was, however it is encoded', () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const whole = encodeWhole(value);
        assert.deepEqual(asPlain(decodeMessage(whole)), asPlain(value));
        assert.deepEqual(Buffer.concat(encodeMessage(value)), whole);
        const prepared = prepareMessage(value);
        const target = Buffer.alloc(prepared.sizeBytes + 7);
        prepared.writeInto(target, 7);
        assert.deepEqual(target.subarray(7), whole);
        assert.equal(countAttachments(whole), prepared.attachments);
      }),
    );
  });

  test('encoding leaves the given value as it was', () => {
    const value = { b: new Uint8Array([1, 2]), list: [new Uint8Array([3]), { x: undefined, y: 1 }] };
    encodeWhole(value);
    assert.ok(value.b instanceof Uint8Array && value.list[0] instanceof Uint8Array);
    assert.deepEqual(decodeMessage(encodeWhole({ x: undefined, y: 1 })), { y: 1 });
  });

  test('decoded byte arrays are views: wiping the message wipes them', () => {
    const whole = encodeWhole({ secret: new Uint8Array([7, 8, 9]) });
    const { secret } = decodeMessage(whole) as { secret: Uint8Array };
    whole.fill(0);
    assert.deepEqual([...secret], [0, 0, 0]);
  });

  test('encoded parts are the given byte arrays themselves, so that no copy is left to wipe', () => {
    const secret = new Uint8Array([1, 2, 3]);
    assert.equal(encodeMessage({ secret })[1], secret);
  });

  test('garbage is refused as garbage, never with another error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        try {
          decodeMessage(bytes);
        } catch (error) {
          assert.ok(error instanceof MessageFormError);
        }
      }),
    );
  });

  test('a message with any byte changed, cut or added is refused or decodes to a value, never anything else', () => {
    fc.assert(
      fc.property(anyValue, fc.nat(), fc.nat({ max: 255 }), fc.nat(), (value, at, byte, cut) => {
        const whole = encodeWhole(value);
        const changed = Buffer.from(whole);
        changed[at % whole.length] = byte;
        const damaged = [changed, whole.subarray(0, cut % whole.length), Buffer.concat([whole, Buffer.from([byte])])];
        damaged.forEach((bytes, index) => {
          try {
            decodeMessage(bytes);
            assert.equal(index, 0, 'a message of another length is never a message');
          } catch (error) {
            assert.ok(error instanceof MessageFormError);
          }
        });
      }),
    );
  });

  test('each malformed message is refused', () => {
    const one = new Uint8Array([1]);
    const malformed: Readonly<Record<string, Uint8Array>> = {
      nothing: new Uint8Array(),
      'lengths cut off': Buffer.from('00000002000000', 'hex'),
      'a head longer than the message': Buffer.from('ffffffff00000000', 'hex'),
      'more attachments than there is room for': Buffer.from('00000002ffffffff7b7d', 'hex'),
      'more attachments than allowed': message(
        '[]',
        Array.from({ length: 4_097 }, () => new Uint8Array()),
      ),
      'an attachment longer than the message': Buffer.from('0000000200000001ffffffff7b7d', 'hex'),
      'a byte too many': Buffer.concat([message('{}'), one]),
      'no JSON': message('{'),
      'an empty head': message(''),
      'a byte order mark': message('\u{feff}{}'),
      'a head that is not UTF-8': Buffer.from('0000000300000000 22ff22'.replace(' ', ''), 'hex'),
      'an attachment that is not there': message('{"$":0}'),
      'an attachment named nowhere': message('{}', [one]),
      'an attachment named twice': message('[{"$":0},{"$":0}]', [one]),
      'attachments out of order': message('[{"$":1},{"$":0}]', [one, one]),
      'an index that is no number': message('{"$":"0"}', [one]),
      'an index that is no whole number': message('{"$":0.5}', [one]),
      'a negative index': message('{"$":-1}', [one]),
      'a mark with something beside it': message('{"$":0,"a":1}', [one]),
      'a mark written differently, with something beside it': message('{"a":1,"\\u0024":0}', [one]),
      'a field that would change a prototype': message('{"__proto__":{"admin":true}}'),
      'a head too deep': message('['.repeat(65) + ']'.repeat(65)),
      'a head deep enough to exhaust a stack': message('['.repeat(500_000) + ']'.repeat(500_000)),
    };
    for (const [what, bytes] of Object.entries(malformed)) {
      assert.throws(() => decodeMessage(bytes), MessageFormError, what);
    }
  });

  test('the deepest value that may be sent can be read', () => {
    let value: unknown = new Uint8Array([5]);
    for (let level = 0; level < 64; level++) value = [value];
    assert.deepEqual(asPlain(decodeMessage(encodeWhole(value))), asPlain(value));
    assert.throws(() => encodeWhole([value]), TypeError);
  });

  test('what no message can carry is a bug of the sender', () => {
    const loop: unknown[] = [];
    loop.push(loop);
    const wrong: readonly unknown[] = [
      Number.NaN,
      Number.POSITIVE_INFINITY,
      1n,
      Symbol('s'),
      () => 1,
      [undefined],
      new Map(),
      new Date(0),
      new Uint16Array(1),
      { $: 1 },
      JSON.parse('{"__proto__":1}'),
      { toJSON: () => 'x' },
      loop,
      Array.from({ length: 4_097 }, () => new Uint8Array()),
    ];
    for (const value of wrong) assert.throws(() => encodeWhole(value), TypeError);
  });
});
