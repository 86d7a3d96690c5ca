import assert from 'node:assert/strict';
import { test } from 'node:test';
import { otpauthUri } from '../otpauth-uri.ts';
import { parseOtpauthUri } from './parse-otpauth-uri.ts';
import { readOtpauthList } from './read-otpauth-list.ts';
import { TokenError } from './token.ts';

const SECRET = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
const seed = Buffer.from('12345678901234567890');

test('what an enrolment prints is read back exactly', () => {
  for (const kind of ['totp', 'hotp'] as const) {
    for (const algorithm of ['sha1', 'sha256', 'sha512'] as const) {
      const options = {
        kind,
        issuer: 'Zürich & Co',
        account: 'ada',
        algorithm,
        digits: 8,
        counter: 7,
        periodSeconds: 60,
      };
      const { ids, name, owner, ...read } = parseOtpauthUri(otpauthUri(seed, { ...options, credential: 'phone' }));
      const counted = kind === 'totp' ? { counter: 0, periodSeconds: 60 } : { counter: 7, periodSeconds: 30 };
      assert.deepEqual(read, { kind, algorithm, digits: 8, seed, ...counted });
      assert.deepEqual([ids, name, owner], [['ada'], 'phone', 'ada']);
    }
  }
});

test('what is left out has its usual value; the name of the credential is made of the issuer', () => {
  const { name, owner, ...read } = parseOtpauthUri(`otpauth://totp/ada@example.org?secret=${SECRET.toLowerCase()}`);
  assert.deepEqual([name, owner], ['default', 'ada@example.org']);
  assert.deepEqual([read.algorithm, read.digits, read.periodSeconds], ['sha1', 6, 30]);
  assert.equal(parseOtpauthUri(`otpauth://totp/Ex%20ample%3Aada?secret=${SECRET}`).name, 'ex-ample');
  assert.equal(parseOtpauthUri(`OTPAUTH://TOTP/ada?secret=${SECRET}&issuer=A%20%2B%20B!`).name, 'a-b');
});

test('what is wrong is refused and said, without a word of the secret', () => {
  for (const [uri, reason] of [
    ['https://example.org', /no otpauth URI/],
    [`otpauth://steam/ada?secret=${SECRET}`, /no otpauth URI/],
    ['otpauth://totp/ada?issuer=x', /Base32/],
    [`otpauth://totp/ada?secret=${SECRET}1`, /Base32/],
    ['otpauth://totp/ada?secret=GEZDGNBVGY3TQOJQ', /10 bytes/],
    [`otpauth://totp/ada?secret=${SECRET}&secret=${SECRET}`, /twice/],
    [`otpauth://totp/ada?secret=${SECRET}&digits=5`, /6 to 8/],
    [`otpauth://totp/ada?secret=${SECRET}&digits=6e0`, /6 to 8/],
    [`otpauth://totp/ada?secret=${SECRET}&period=0`, /period/],
    [`otpauth://totp/ada?secret=${SECRET}&algorithm=MD5`, /algorithm/],
    [`otpauth://totp/ada?secret=${SECRET}&algorithm=constructor`, /algorithm/],
    [`otpauth://hotp/ada?secret=${SECRET}`, /counter/],
    [`otpauth://hotp/ada?secret=${SECRET}&counter=9999999999999999`, /counter/],
    [`otpauth://totp/One:ada?secret=${SECRET}&issuer=Other`, /another issuer/],
    [`otpauth://totp/a%zz?secret=${SECRET}`, /percent/],
  ] as const) {
    const isSaid = (error: unknown) =>
      error instanceof TokenError && reason.test(error.message) && !error.message.includes(SECRET.slice(0, 6));
    assert.throws(() => parseOtpauthUri(uri), isSaid, uri);
  }
});

// The message of https://github.com/google/google-authenticator-android's exporter, written out by hand: tags 0x0a (account), in it
// secret 0x0a, name 0x12, issuer 0x1a, algorithm 0x20, digits 0x28, type 0x30, counter 0x38; then version, batch size, index and id.
const field = (tag: number, bytes: Uint8Array): Buffer => Buffer.concat([Buffer.from([tag, bytes.length]), bytes]);
const account = (...numbers: number[]): Buffer =>
  field(
    0x0a,
    Buffer.concat([
      field(0x0a, seed),
      field(0x12, Buffer.from('Example:ada')),
      field(0x1a, Buffer.from('Example')),
      Buffer.from(numbers),
    ]),
  );
const migration = (...accounts: Buffer[]): string => {
  const data = Buffer.concat([
    ...accounts,
    Buffer.from([0x10, 1, 0x18, 1, 0x20, 0, 0x28, 0x85, 0x9b, 0x9a, 0xd5, 0x05]),
  ]);
  return `otpauth-migration://offline?data=${encodeURIComponent(data.toString('base64'))}`;
};

test('a list has one URI a line, accounts of Google Authenticator among them; every wrong line is named, and nothing else is lost', () => {
  const byTime = account(0x20, 1, 0x28, 1, 0x30, 2);
  const byCounter = account(0x20, 2, 0x28, 2, 0x30, 1, 0x38, 0x81, 0x02);
  const { tokens, faults } = readOtpauthList(
    Buffer.from(
      `# from the old server\r\n\r\notpauth://totp/bob?secret=${SECRET}\r\nnonsense\n${migration(byTime, byCounter)}\n` +
        `${migration(account(0x20, 4, 0x30, 2))}\notpauth-migration://offline?data=CgE%3D\n`,
    ),
  );
  assert.deepEqual(
    tokens.map(({ where, kind, owner, name, digits, algorithm, counter }) => [
      where,
      kind,
      owner,
      name,
      digits,
      algorithm,
      counter,
    ]),
    [
      ['line 3', 'totp', 'bob', 'default', 6, 'sha1', 0],
      ['line 5, account 1', 'totp', 'ada', 'example', 6, 'sha1', 0],
      ['line 5, account 2', 'hotp', 'ada', 'example', 8, 'sha256', 257],
    ],
  );
  for (const token of tokens) assert.ok(token.seed.equals(seed));
  assert.deepEqual(
    faults.map(({ where }) => where),
    ['line 4', 'line 6', 'line 7'],
  );
});
