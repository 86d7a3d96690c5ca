import assert from 'node:assert/strict';
import { PassThrough, Writable } from 'node:stream';
import { describe, test } from 'node:test';
import { encodeWhole, prepareMessage } from '@chatelaine/contract';
import fc from 'fast-check';
import { FrameFormError, frameKind, MAX_BODY_BYTES, numberBody } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';

interface Sent {
  readonly kind: 4 | 5;
  readonly id: number;
  readonly bytes: Uint8Array;
}

const frames = fc.array(
  fc.record<Sent>({
    kind: fc.constantFrom(frameKind.result, frameKind.item),
    id: fc.nat({ max: 0xffff_ffff }),
    bytes: fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.integer({ min: 60_000, max: 70_000 }).map((size) => new Uint8Array(size).fill(size)),
    ),
  }),
  { maxLength: 12 },
);

const writeAll = async (sent: readonly Sent[], chunks: Buffer[] = []): Promise<Buffer> => {
  const stream = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      // A copy: the writer wipes what it gave.
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const writer = new FrameWriter(stream, () => undefined);
  for (const { kind, id, bytes } of sent) writer.send(kind, id, prepareMessage({ bytes }));
  await writer.drained();
  return Buffer.concat(chunks);
};

describe('frames', () => {
  test('whatever is written is read back, however the bytes are cut', async () => {
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 1 }), async (sent, cuts) => {
        const stream = await writeAll(sent);
        const read: { kind: number; id: number; body: Buffer }[] = [];
        const reader = new FrameReader(({ kind, id, body }) => read.push({ kind, id, body: Buffer.from(body) }));
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const chunk = Buffer.from(stream.subarray(at, at + (cuts[turn % cuts.length] ?? 1)));
          at += chunk.length;
          reader.push(chunk);
          assert.ok(
            chunk.every((byte) => byte === 0),
            'a chunk is wiped',
          );
        }
        assert.deepEqual(
          read,
          sent.map(({ kind, id, bytes }) => ({ kind, id, body: encodeWhole({ bytes }) })),
        );
      }),
      { numRuns: 60 },
    );
  });

  test('a frame cut at every byte is read', () => {
    const [head, body] = [Buffer.from('0000000b0500000007', 'hex'), Buffer.from('abcdef')];
    const read: string[] = [];
    const reader = new FrameReader((frame) => read.push(`${frame.kind} ${frame.id} ${frame.body}`));
    for (const byte of Buffer.concat([head, body, head, body])) reader.push(Buffer.from([byte]));
    assert.deepEqual(read, ['5 7 abcdef', '5 7 abcdef']);
  });

  test('impossible lengths are no frames', () => {
    for (const length of [0, 4, MAX_BODY_BYTES + 6, 0xffff_ffff]) {
      const chunk = Buffer.alloc(9);
      chunk.writeUInt32BE(length);
      assert.throws(() => new FrameReader(() => undefined).push(chunk), FrameFormError);
    }
  });

  test('nothing is received after a stop, and what was gathered is wiped', () => {
    const seen: number[] = [];
    const reader: FrameReader = new FrameReader(({ id }) => {
      seen.push(id);
      reader.stop();
    });
    const frame = (id: number): Buffer => Buffer.from([0, 0, 0, 5, 4, 0, 0, 0, id]);
    reader.push(Buffer.concat([frame(1), frame(2)]));
    reader.push(frame(3));
    assert.deepEqual(seen, [1]);
  });

  test('what is sent in one turn leaves in one write, of 64 kB at most', async () => {
    const chunks: Buffer[] = [];
    await writeAll(
      Array.from({ length: 100 }, (_, id) => ({ kind: frameKind.item, id, bytes: new Uint8Array(1_200) })),
      chunks,
    );
    assert.equal(chunks.length, 2);
    assert.ok(chunks.every((chunk) => chunk.length <= 65_536));
  });

  test('a batch that carried bytes is wiped when it is written, and when the writer stops', async () => {
    const given: Buffer[] = [];
    const slow: (() => void)[] = [];
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        given.push(chunk);
        slow.push(done);
      },
    });
    const writer = new FrameWriter(stream, () => undefined);
    const secret = Buffer.alloc(50, 0x5a);
    writer.send(frameKind.result, 1, prepareMessage({ secret }));
    await new Promise(setImmediate);
    assert.ok(given[0]?.includes(secret));
    writer.send(frameKind.result, 2, prepareMessage({ secret }));
    slow[0]?.();
    await new Promise(setImmediate);
    assert.ok(!given[0]?.includes(secret));
    assert.ok(given[1]?.includes(secret));
    writer.stop();
    assert.ok(!given[1]?.includes(secret));
    assert.equal(writer.queuedBytes, 0);
  });

  test('bytes that the stream does not take are counted, and waiting for them ends when the writer stops', async () => {
    const writer = new FrameWriter(new PassThrough({ highWaterMark: 1 }), () => undefined);
    let expected = 0;
    for (let id = 0; id < 5; id++) expected += writer.send(frameKind.credit, id, numberBody(id));
    assert.equal(writer.queuedBytes, expected);
    const drained = writer.drained();
    writer.stop();
    await drained;
    assert.equal(writer.send(frameKind.ping, 0), 9);
    assert.equal(writer.queuedBytes, 0);
  });
});
