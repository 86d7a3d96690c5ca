import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeFrame, FrameError, FrameReader, MAX_FRAME_BYTES, parseAnswer, parseOrder } from './frames.ts';

test('messages arrive whole and in order, however their bytes are cut', () => {
  const order = fc.record({ kind: fc.constant('run' as const), id: fc.nat(), command: fc.string({ unit: 'binary' }) });
  fc.assert(
    fc.property(fc.array(order, { maxLength: 8 }), fc.array(fc.nat(40), { maxLength: 60 }), (orders, cuts) => {
      const bytes = Buffer.concat(orders.map(encodeFrame));
      const reader = new FrameReader();
      const got: unknown[] = [];
      let from = 0;
      for (const length of [...cuts, bytes.length]) {
        got.push(...reader.push(bytes.subarray(from, from + length)));
        from += length;
      }
      assert.deepEqual(
        got.map(parseOrder),
        orders.map((sent) => JSON.parse(JSON.stringify(sent))),
      );
    }),
  );
});

test('a frame that is too long is refused before it is there', () => {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(MAX_FRAME_BYTES + 1);
  assert.throws(() => new FrameReader().push(head), FrameError);
});

test('what has another form is refused', () => {
  assert.throws(() => new FrameReader().push(Buffer.from('\0\0\0\x01{')), FrameError);
  const wrong = [null, 7, [], {}, { kind: 'ended', id: 1 }, { kind: 'ended', id: -1, waitStatus: 0 }];
  const wrongToo = [
    { kind: 'ended', id: 1, waitStatus: 65_536 },
    { kind: 'failed', id: 1 },
    { kind: 'other', id: 1 },
  ];
  for (const message of [...wrong, ...wrongToo]) assert.throws(() => parseAnswer(message), FrameError);
  for (const message of [
    ...wrong,
    { kind: 'run', id: 1 },
    { kind: 'tls-key', id: 1, host: 'h', port: 70_000, keySha256: '' },
  ]) {
    assert.throws(() => parseOrder(message), FrameError);
  }
});
