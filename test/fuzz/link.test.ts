// What arrives on the link, before and behind its frames.

import { decodeMessage, encodeWhole, MessageFormError } from '@chatelaine/contract';
import fc from 'fast-check';
import { FrameFormError } from '../../lib/link/src/frame.ts';
import { FrameReader } from '../../lib/link/src/frame-reader.ts';
import { fromResultBody } from '../../lib/link/src/result-body.ts';
import { fuzzDecoder } from './fuzz-decoder.ts';

const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 0, -1, 1e21, ''),
    fc.string(),
    fc.uint8Array({ maxLength: 40 }),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc
        .oneof(fc.constantFrom('kind', 'code', 'value', 'operation', 'input', 'a'), fc.string({ maxLength: 3 }))
        .filter((key) => key !== '$' && key !== '__proto__'),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

const message = value.map((each) => encodeWhole(each));
const result = fc
  .oneof(
    fc.record({ kind: fc.constant('ok'), value }),
    fc.record({ kind: fc.constant('refused'), code: fc.constantFrom('denied', 'busy', 'no such code'), detail: value }),
  )
  .map((each) => encodeWhole(each));

fuzzDecoder({
  name: 'message',
  grammar: fc.oneof(message, result),
  words: ['{"$":0}', '{"$":1}', '{"$":"0"}', '"$"', '{"kind":"ok"', '"refused"', '"code"', '[[[[[[[[[[[['],
  refusals: [MessageFormError],
  decode: (input) => {
    fromResultBody(decodeMessage(input));
    return true;
  },
});

const frame = fc
  .tuple(fc.integer({ min: 0, max: 14 }), fc.nat(0xffff_ffff), fc.oneof(message, fc.uint8Array({ maxLength: 60 })))
  .map(([kind, id, body]) => {
    const head = Buffer.alloc(9);
    head.writeUInt32BE(body.length + 5);
    head.writeUInt8(kind, 4);
    head.writeUInt32BE(id, 5);
    return Buffer.concat([head, body]);
  });

fuzzDecoder({
  name: 'frames',
  grammar: fc.array(frame, { minLength: 1, maxLength: 4 }).map((frames) => Buffer.concat(frames)),
  refusals: [FrameFormError],
  decode: (input) => {
    let frames = 0;
    const reader = new FrameReader(() => frames++);
    const half = input.length >> 1;
    reader.push(input.subarray(0, half));
    reader.push(input.subarray(half));
    reader.stop();
    return frames > 0;
  },
});
