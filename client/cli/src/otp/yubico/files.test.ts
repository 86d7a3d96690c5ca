import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TokenError } from '../import/token.ts';
import { linesOf } from './fields.ts';
import { KEY_FILE_FIELDS, readKeyLine, writeKeyLine } from './key-file.ts';
import {
  CLIENT_FIELDS,
  readClientLine,
  readStateLine,
  STATE_FIELDS,
  writeClientLine,
  writeStateLine,
} from './server-files.ts';

const keysOf = (text: string, creator = '') =>
  [...linesOf(Buffer.from(text), KEY_FILE_FIELDS, true)].map((line) => readKeyLine(line, creator));
const statesOf = (text: string) => [...linesOf(Buffer.from(text), STATE_FIELDS, false)].map(readStateLine);
const clientsOf = (text: string) => [...linesOf(Buffer.from(text), CLIENT_FIELDS, false)].map(readClientLine);

const KEY = '4711,ccccccccbdhi,609963eae7b5,c68c9df8cbfe7d2f994cb904046c7218,0123456789ab,2009-02-24T17:41:57,';

test('the whole format of a key file is read: comments, CRLF, capitals, empty ids, no header', () => {
  const text = `# ykksm 1\r\n\r\n${KEY}\r\n4712,,${'A'.repeat(12)},${'B'.repeat(32)},${'0'.repeat(12)},,,0 # the last\n# the end`;
  const [first, second, ...rest] = keysOf(text, '0a1b2c3d');
  assert.deepEqual(rest, []);
  assert.deepEqual(first, {
    publicId: 'ccccccccbdhi',
    stored: {
      ...{ privateId: Buffer.from('609963eae7b5', 'hex'), key: Buffer.from('c68c9df8cbfe7d2f994cb904046c7218', 'hex') },
      ...{ lockCode: Buffer.from('0123456789ab', 'hex'), serialNumber: 4711, created: '2009-02-24T17:41:57' },
      ...{ creator: '0a1b2c3d', active: true },
    },
  });
  assert.deepEqual([second?.publicId, second?.stored?.created], ['', '']);
  assert.deepEqual(second?.stored?.key, Buffer.alloc(16, 0xbb));
});

test('each wrong field of a key file is named, and none of its secrets', () => {
  const fields = KEY.split(',');
  for (const [at, value, words] of [
    [0, 'x', /serialNr/],
    [1, 'xyz', /public name/],
    [2, '6099', /internalName/],
    [3, 'c68c9df8cbfe7d2f994cb904046c721', /aesKey/],
    [3, 'f'.repeat(48), /no YubiKey has a key/],
    [4, '', /lockCode/],
    [5, 'yesterday', /created/],
    [6, 'yesterday', /accessed/],
  ] as const) {
    const line = fields.with(at, value).join(',');
    assert.throws(
      () => keysOf(line),
      (error: unknown) => error instanceof TokenError && words.test(error.message) && !/c68c|f{8}/.test(error.message),
    );
  }
  assert.throws(() => keysOf('1,2,3'), /3 fields/);
});

test('what is given back of a key is what came in', () => {
  const [key] = keysOf(KEY);
  const { privateId, key: aes, ...storage } = key?.stored ?? assert.fail();
  assert.equal(writeKeyLine('ccccccccbdhi', { privateId, key: aes, storage }), `${KEY}\n`);
});

test('counters are read as a validation server stores them: -1 before any, the bit of caps lock left out', () => {
  const [used, fresh, odd] = statesOf(
    [
      '1,1235000000,1235000001,ccccccccbdhi,19,17,49712,0,kakakakakakakakakakakaka,in the safe, below',
      '0,1235000000,1235000000,ccccccccbdhj,-1,-1,-1,-1,0000000000000000,',
      '1,1235000000,1235000000,ccccccccbdhk,32769,0,0,15,0000000000000000,',
    ].join('\n'),
  );
  assert.deepEqual(used?.state, {
    ...{ active: true, counter: 19, use: 17, timestamp: 49_712, nonce: 'kakakakakakakakakakakaka' },
    ...{ createdAtUnixMs: 1_235_000_000_000, modifiedAtUnixMs: 1_235_000_001_000, notes: 'in the safe  below' },
  });
  assert.deepEqual([fresh?.state?.counter, fresh?.state?.timestamp, fresh?.state?.nonce], [-1, undefined, undefined]);
  assert.deepEqual([odd?.state?.counter, odd?.state?.timestamp], [1, 15 << 16]);
  assert.throws(() => statesOf('2,1,1,cc,0,0,0,0,,'), /active/);
  assert.throws(() => statesOf('1,1,1,cc,0,256,0,0,,'), /yk_use/);
  assert.throws(() => statesOf('1,1,1,cc,0,0,0,0,a-b,'), /nonce/);
  assert.throws(() => statesOf('1,1,1,cc,0,0,0,0'), /8 fields/);
});

test('counters go out as they came in', () => {
  for (const line of [
    '1,1235000000,1235000001,ccccccccbdhi,19,17,49712,3,kakakakakakakakakakakaka,in the safe',
    '0,1235000000,1235000000,ccccccccbdhj,-1,-1,-1,-1,0000000000000000,',
  ]) {
    const [read] = statesOf(line);
    const state = read?.state ?? assert.fail();
    assert.equal(writeStateLine({ ...state, publicId: read?.publicId ?? '', hasSecrets: true }), `${line}\n`);
  }
});

test('clients are read and written; a key that is no Base64 is named', () => {
  const line = '17,1,1235000000,EHmo8FMxuhumBlTinC4uYL0Mgwg=,ops@example.org,VPN,';
  const [client] = clientsOf(`# id,active,created,secret,email,notes,otp\n${line}`);
  assert.deepEqual(client?.secret, Buffer.from('1079a8f05331ba1ba60654e29c2e2e60bd0c8308', 'hex'));
  assert.equal(writeClientLine(client ?? assert.fail()), `${line}\n`);
  assert.throws(() => clientsOf(line.replace('EHmo', '*Hmo')), /secret/);
  assert.throws(() => clientsOf(line.replace('17', '0')), /id/);
});
