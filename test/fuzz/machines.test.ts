// What is written about machines by people and by other programs: clients.conf, checkers, durations, the first line of a
// connection, and the frames between the watch and the helper that runs checkers.

import fc from 'fast-check';
import { readClients } from '../../client/cli/src/clients-conf/clients.ts';
import { parseDuration } from '../../client/cli/src/clients-conf/duration.ts';
import { judgeLine } from '../../server/gate/src/fronts/mandos/protocol-line.ts';
import { formatChecker } from '../../server/watch/src/format-checker.ts';
import { FrameError, FrameReader, parseAnswer, parseOrder } from '../../server/watch/src/frames.ts';
import { fuzzDecoder } from './fuzz-decoder.ts';

const options = [
  'host',
  'checker',
  'timeout',
  'extended_timeout',
  'interval',
  'approval_delay',
  'approval_duration',
  'approved_by_default',
  'enabled',
  'secret',
  'secfile',
  'key_id',
  'fingerprint',
  'other',
] as const;
const values = fc.oneof(
  fc.constantFrom(
    'PT5M',
    '5m',
    '1w 2d',
    'true',
    'No',
    'AAAA',
    'aGVsbG8=',
    'ab'.repeat(32),
    'AB'.repeat(20),
    'fping -q -- %(host)s',
    '%(nothing)s',
    '%%',
    '%(a)s %(b)s',
    '~/secret',
    '\n  continued\n\tand more',
    '',
  ),
  fc.string({ maxLength: 12 }),
);
const line = fc
  .tuple(fc.constantFrom(...options), fc.constantFrom('=', ':', ' = ', '', '=='), values)
  .map((parts) => `${parts.join('')}\n`);
const section = fc
  .tuple(
    fc.oneof(fc.constantFrom('DEFAULT', 'web1', 'db', 'a b'), fc.string({ maxLength: 8 })),
    fc.array(line, { maxLength: 6 }),
  )
  .map(([name, lines]) => `[${name}]\n${lines.join('')}`);
const whole = fc.constant(`[web1]\nhost = web1\nkey_id = ${'ab'.repeat(32)}\nsecret =\n    aGVs\n    bG8=\n`);

fuzzDecoder({
  name: 'clients-conf',
  grammar: fc
    .oneof(
      whole,
      fc.array(section, { maxLength: 4 }).map((sections) => sections.join('\n')),
    )
    .map((text) => Buffer.from(text)),
  words: [
    '[DEFAULT]',
    '[',
    ']',
    '%(',
    ')s',
    '%(host)s',
    '\n ',
    '\n#',
    ';',
    ' ;',
    'key_id',
    'secret =',
    'timeout = ',
    'PT',
    '99999999999999999999',
    '\u0085',
    '\u2028',
  ],
  decode: (input) =>
    readClients(input, () => {
      throw new Error('no such file');
    }).problems.length === 0,
});

fuzzDecoder({
  name: 'duration',
  grammar: fc.constantFrom('PT5M', 'P1Y2M3DT4H5M6S', 'P3W', '1d 2h', '5m', '1w', '0s').map((text) => Buffer.from(text)),
  words: ['P', 'T', 'Y', 'M', 'W', 'D', 'H', 'S', 'd', 'h', 'm', ' ', '.', '99999999999999999999'],
  decode: (input) => parseDuration(input.toString('latin1')) !== undefined,
});

const machine = { host: "web1'; rm -rf /", name: 'web1', secret: 'x', key_id: 'ab'.repeat(32) };
fuzzDecoder({
  name: 'checker',
  grammar: fc
    .array(
      fc.oneof(
        fc.constantFrom('%(host)s', '%(name)-20s', '%%', 'fping -q -- ', '%(key_id)c', '%(a(b)c)s', '%5(host)s'),
        fc.string({ maxLength: 6 }),
      ),
      { maxLength: 5 },
    )
    .map((parts) => Buffer.from(parts.join(''))),
  words: [
    '%',
    '(',
    ')',
    's',
    'c',
    '%(host)',
    '.',
    '-',
    '0',
    '#',
    '9999',
    '10000',
    '10001',
    'h',
    'L',
    '__proto__',
    'constructor',
    '\0',
  ],
  decode: (input) => formatChecker(input.toString('utf8'), machine).kind === 'formatted',
});

fuzzDecoder({
  name: 'protocol-line',
  grammar: fc.constantFrom('1\r\n', '1\n', '0\n', '-5 x\n', '  +01\t\r\n').map((text) => Buffer.from(text)),
  decode: (input) => [judgeLine(input, false), judgeLine(input, true)].includes('spoken'),
});

const watchMessage = fc.oneof(
  fc.record(
    {
      kind: fc.constantFrom('run', 'tls-key', 'stop', 'ready', 'ended', 'failed'),
      id: fc.oneof(fc.nat(), fc.double()),
      command: fc.string(),
      host: fc.string(),
      port: fc.nat(70_000),
      keySha256: fc.string(),
      waitStatus: fc.nat(70_000),
      reason: fc.string(),
    },
    { requiredKeys: ['kind'] },
  ),
  fc.jsonValue(),
);
fuzzDecoder({
  name: 'watch-frames',
  grammar: fc.array(watchMessage, { minLength: 1, maxLength: 3 }).map((messages) =>
    Buffer.concat(
      messages.flatMap((message) => {
        const text = Buffer.from(JSON.stringify(message));
        const size = Buffer.alloc(4);
        size.writeUInt32BE(text.length);
        return [size, text];
      }),
    ),
  ),
  words: ['"kind":"run"', '"kind":"ended"', '"id":1', '"waitStatus":0', 'null', '[', '{'],
  refusals: [FrameError],
  decode: (input) => {
    const reader = new FrameReader();
    const half = input.length >> 1;
    const messages = [...reader.push(input.subarray(0, half)), ...reader.push(input.subarray(half))];
    for (const message of messages) {
      const isAnswer = ['ready', 'ended', 'failed'].includes(String((message as { kind?: unknown } | null)?.kind));
      if (isAnswer) parseAnswer(message);
      else parseOrder(message);
    }
    return messages.length > 0;
  },
});
