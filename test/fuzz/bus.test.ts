// What arrives from the message bus, where every program of the machine may send.

import fc from 'fast-check';
import { decodeMessage, encodeMessage } from '../../server/bus/src/wire/message.ts';
import { MessageSplitter } from '../../server/bus/src/wire/message-splitter.ts';
import { parseSignature, WireFormError } from '../../server/bus/src/wire/signature.ts';
import { variant, type WireValue } from '../../server/bus/src/wire/value.ts';
import { fuzzDecoder } from './fuzz-decoder.ts';

const bodies: readonly (readonly [string, readonly WireValue[]])[] = [
  ['', []],
  ['s', ['a word']],
  ['ay', [Buffer.from('bytes')]],
  [
    'a{sv}',
    [
      [
        ['Enabled', variant('b', true)],
        ['Secret', variant('ay', Buffer.from('x'))],
      ],
    ],
  ],
  ['ssv', ['se.recompile.Mandos.Client', 'Timeout', variant('t', 300_000n)]],
  ['a(oa{sa{sv}})', [[['/a', [['i', [['p', variant('v', variant('ai', [1, 2]))]]]]]]]],
  ['ynqiuxtd', [1, -2, 3, -4, 5, -6n, 7n, 0.5]],
];
const message = fc
  .tuple(
    fc.constantFrom(...bodies),
    fc.constantFrom('call', 'return', 'error', 'signal'),
    fc.integer({ min: 1, max: 0xffff_ffff }),
  )
  .map(([[signature, values], kind, serial]) =>
    encodeMessage(
      {
        kind: kind as 'call',
        serial,
        path: '/se/recompile/Mandos',
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Set',
        errorName: 'a.b',
        replySerial: 7,
        destination: ':1.1',
        sender: ':1.2',
        signature,
        isReplyExpected: true,
      },
      values,
    ),
  );

fuzzDecoder({
  name: 'bus-message',
  grammar: fc.array(message, { minLength: 1, maxLength: 2 }).map((messages) => Buffer.concat(messages)),
  words: ['a{sv}', 'v', '(', ')', 'ay', 'aaaaaaaaaaaaaaaa', '\x01v\0', '\x01g\0', 'l', 'B', '\x02ay\0'],
  refusals: [WireFormError],
  decode: (input) => {
    const splitter = new MessageSplitter();
    const half = input.length >> 1;
    let read = 0;
    for (const part of [input.subarray(0, half), input.subarray(half)]) {
      for (const bytes of splitter.push(part)) if (decodeMessage(bytes)?.readBody() !== undefined) read++;
    }
    return read > 0;
  },
});

fuzzDecoder({
  name: 'bus-signature',
  grammar: fc
    .constantFrom('', 's', 'a{sv}', 'a(oa{sa{sv}})', 'ynqiuxtdhsogv', '((((s))))', 'aaaas')
    .map((text) => Buffer.from(text)),
  words: ['a', '(', ')', '{', '}', 'a{', 'v', 's'],
  refusals: [WireFormError],
  decode: (input) => {
    parseSignature(input.toString('latin1'));
    return true;
  },
});
