import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage, type MessageHead, MessageTooLargeError } from './message.ts';
import { MessageSplitter } from './message-splitter.ts';
import { WireFormError } from './signature.ts';
import { isVariant, variant, type WireValue } from './value.ts';

const vectors: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL('../../vectors/messages.json', import.meta.url), 'utf8'),
);
const vector = (name: string): Buffer => Buffer.from(vectors[name] ?? '', 'hex');

const decoded = (bytes: Buffer) => {
  const message = decodeMessage(bytes);
  assert.ok(message !== undefined);
  return message;
};

/** With bytes as lists, so that values can be compared. */
const plain = (value: WireValue): unknown => {
  if (value instanceof Uint8Array) return { bytes: [...value] };
  if (isVariant(value)) return { variant: value.signature, value: plain(value.value) };
  return Array.isArray(value) ? value.map((each: WireValue) => plain(each)) : value;
};

const everything: readonly WireValue[] = [
  255,
  true,
  -2,
  65_535,
  -2_147_483_648,
  4_294_967_295,
  -(2n ** 63n),
  2n ** 64n - 1n,
  1.5,
  'grün',
  '/a/b',
  'a{sv}',
  Uint8Array.of(1, 2, 3),
  Uint8Array.of(),
  [['k', variant('(as)', [['x', 'yz']])]],
  [[1, 2n]],
  [[1], [], [2, 3]],
];

for (const name of ['set', 'setBig']) {
  test(`a call that GLib wrote is read (${name})`, () => {
    const message = decoded(vector(name));
    assert.equal(message.kind, 'call');
    assert.equal(message.serial, 7);
    assert.equal(message.isReplyExpected, true);
    assert.equal(message.path, '/clients/web_1');
    assert.equal(message.interface, 'org.freedesktop.DBus.Properties');
    assert.equal(message.member, 'Set');
    assert.equal(message.destination, 'se.recompile.Mandos');
    assert.deepEqual(message.readBody(), ['se.recompile.Mandos.Client', 'Timeout', variant('x', 300_000n)]);
  });
}

for (const name of ['all', 'allBig']) {
  test(`every type that GLib wrote is read (${name})`, () => {
    assert.deepEqual(decoded(vector(name)).readBody().map(plain), everything.map(plain));
  });
}

test('a call without a body, and one that wants no answer, are read', () => {
  const message = decoded(vector('empty'));
  assert.equal(message.isReplyExpected, false);
  assert.equal(message.serial, 4_294_967_295);
  assert.deepEqual(message.readBody(), []);
});

test('what is written has the bytes that GLib writes', () => {
  const bodyOf = (bytes: Buffer): string => bytes.subarray(bytes.length - bytes.readUInt32LE(4)).toString('hex');
  const head: MessageHead = { kind: 'call', serial: 7, isReplyExpected: true, path: '/', member: 'M', signature: '' };
  const all = decoded(vector('all'));
  assert.equal(bodyOf(encodeMessage({ ...head, signature: all.signature }, everything)), bodyOf(vector('all')));
  const signal = decoded(vector('signal'));
  const values: readonly WireValue[] = [
    '/clients/a',
    [
      ['i.j', []],
      ['k.l', [['P', variant('t', 5)]]],
    ],
  ];
  assert.equal(bodyOf(encodeMessage({ ...head, signature: signal.signature }, values)), bodyOf(vector('signal')));
});

test('what is written is read as it was', () => {
  const head: MessageHead = {
    kind: 'error',
    serial: 4,
    isReplyExpected: false,
    errorName: 'a.b',
    replySerial: 9,
    destination: ':1.2',
    signature: 'sa{sv}',
  };
  const body: readonly WireValue[] = ['text', [['one', variant('b', true)]]];
  const { readBody, ...read } = decoded(encodeMessage(head, body));
  assert.deepEqual(read, head);
  assert.deepEqual(readBody(), body);
});

test('values of every size survive, wherever a buffer has to grow', () => {
  const text = fc
    .string({ unit: 'binary', maxLength: 600 })
    .filter((each) => !each.includes('\0') && each.isWellFormed());
  fc.assert(
    fc.property(fc.array(fc.tuple(text, fc.bigInt(0n, 2n ** 64n - 1n), fc.uint8Array({ maxLength: 500 }))), (rows) => {
      const head: MessageHead = { kind: 'signal', serial: 1, isReplyExpected: false, signature: 'a(stay)' };
      const [read] = decoded(encodeMessage(head, [rows])).readBody();
      assert.deepEqual(plain(read ?? ''), plain(rows));
    }),
  );
});

test('whatever bytes a body has, it is read or refused, and nothing else', () => {
  fc.assert(
    fc.property(fc.nat(), fc.nat({ max: 255 }), fc.constantFrom('all', 'allBig', 'signal', 'set'), (at, byte, name) => {
      const bytes = vector(name);
      bytes[at % bytes.length] = byte;
      try {
        decodeMessage(bytes)?.readBody();
      } catch (error) {
        assert.ok(error instanceof WireFormError, String(error));
      }
    }),
    { numRuns: 2_000 },
  );
});

test('a body of a type that cannot be handed over is read without harm', () => {
  const bytes = encodeMessage({ kind: 'call', serial: 1, isReplyExpected: true, member: 'M', signature: 'u' }, [0]);
  bytes[bytes.indexOf(Buffer.from([1, 0x75, 0]))] = 1;
  bytes[bytes.indexOf(Buffer.from([1, 0x75, 0])) + 1] = 0x68;
  assert.deepEqual(decoded(bytes).readBody(), [0]);
});

test('variants in variants have an end', () => {
  let nested = variant('u', 1);
  for (let depth = 0; depth < 80; depth++) nested = variant('v', nested);
  const head: MessageHead = { kind: 'call', serial: 1, isReplyExpected: true, member: 'M', signature: 'v' };
  const message = decoded(encodeMessage(head, [nested]));
  assert.throws(() => message.readBody(), WireFormError);
});

test('a value that is not of its type is not written', () => {
  const head = { kind: 'signal', serial: 1, isReplyExpected: false } as const;
  const wrong: readonly (readonly [string, WireValue])[] = [
    ['n', 32_768],
    ['t', -1],
    ['t', 2n ** 64n],
    ['t', 1.5],
    ['b', 1],
    ['s', 'a\0b'],
    ['ay', 'text'],
    ['as', Uint8Array.of(1)],
    ['v', 'no variant'],
    ['(ss)', ['only one']],
    ['h', 0],
  ];
  for (const [signature, value] of wrong) {
    assert.throws(() => encodeMessage({ ...head, signature }, [value]), WireFormError, signature);
  }
  assert.throws(() => encodeMessage({ ...head, signature: 's' }, []), WireFormError);
});

test('a signature that is none is refused', () => {
  const head = { kind: 'signal', serial: 1, isReplyExpected: false } as const;
  for (const signature of ['a', '(', '()', '{ss}', 'a{vs}', 'a{s}', 'a{sss}', 'z', 's)', `${'a'.repeat(40)}s`]) {
    assert.throws(() => encodeMessage({ ...head, signature }, ['']), WireFormError, signature);
  }
});

test('a message that a bus would not take is not sent', () => {
  const head: MessageHead = { kind: 'signal', serial: 1, isReplyExpected: false, signature: 'ay' };
  assert.throws(() => encodeMessage(head, [new Uint8Array(33_554_432)]), MessageTooLargeError);
});

test('messages come whole out of a stream, however it is cut', () => {
  const all = ['set', 'all', 'empty', 'setBig', 'signal'].map(vector);
  const stream = Buffer.concat(all);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 400 })), (cuts) => {
      const splitter = new MessageSplitter();
      const found: Buffer[] = [];
      let at = 0;
      for (const size of [...cuts, stream.length]) {
        found.push(...splitter.push(stream.subarray(at, at + size)));
        at = Math.min(at + size, stream.length);
      }
      assert.deepEqual(found, all);
    }),
  );
});
