// The vectors were made by another program than this one.

import assert from 'node:assert/strict';
import test from 'node:test';
import { bcryptDigest } from './bcrypt-digest.ts';
import type { OldSurroundings } from './old-identities.ts';
import { deriveOldKey, isOldToken, oldSessionIdOf, openOldToken } from './old-token.ts';
import { decodeYacht64, encodeYacht64 } from './yacht64.ts';

const shellKey = Buffer.from(Array.from({ length: 48 }, (_, at) => at));
const salt = 'abcdefghijklmnopqrstuu';
const isKnown = (): boolean => true;

const here: OldSurroundings = {
  bootId: 'f5c39cda-ce08-4330-ada0-c4f25249799b',
  loginName: 'alice',
  user: 'alice',
  hostName: 'build-host.example',
  lastReboot: '\nwtmp begins Tue May 20 00:00:00 2025\n',
  ancestors: [12, 4_711, 3],
};

const vectors = [
  {
    generation: 'February 2019',
    id: 'rgck-qabu-mxib',
    token:
      'aafWaqLK9VS3WLG5BaeEBXHUKDzTn@oFFovdwTwiQKT7wbv7RUrbTwCdRidfB7maTXsKGF6EIho6TXFdkSFModE2si@Vbnkx9Tb5EFynuWJM9Am9pkwiiK5usGAJkAXkuutsrqponmlkjihgfedcba01',
  },
  {
    generation: 'March 2019',
    id: 'ftoz-vl0j-glyz',
    token:
      'aafWaqLK9VS3WLG5BaeEByaJndaXfXzIgcldWht@GLoRCXavylGDnEb7VKNcD6DUCzTrPl3wr7XMweLlrNVviW4DntpdIT1H2lr1lW46RjyPOd4Wgfk0m7tNotPU04qWuutsrqponmlkjihgfedcba01',
  },
  {
    generation: '2020',
    id: 'exc5-tca9-cp0t',
    token:
      'aafWaqLK9VS3WLG5BaeEBy1zLPuCJ7sTTmYQ645taekf9p5B5EP7@9cufE97xfzzXlZPK4cNlUXY0qd@9hIkh8bbngbMGilH@uvqsq3drXzKnMHjbjCgUXWiKDztwtsEuutsrqponmlkjihgfedcba01',
  },
] as const;

test('YACHT64 has its own order of characters', () => {
  assert.equal(encodeYacht64(shellKey), 'aafWaqLK9VS3WLG5BaeEBdaAfRcIKAkgO9@tOdq%zRDV3l30sWI8s7Vj1HMM5lrp');
  assert.equal(encodeYacht64(Buffer.alloc(48)), 'a'.repeat(64));
  assert.deepEqual(decodeYacht64(Buffer.from(encodeYacht64(shellKey))), shellKey);
});

test('a bcrypt salt is read through the same alphabet, with @ for . and % for /', () => {
  const bits = decodeYacht64(Buffer.from('@%09AZaz'));
  const expected = '100100011101100011000001010001100101000000000111';
  assert.equal(
    BigInt(`0x${bits.toString('hex')}`)
      .toString(2)
      .padStart(48, '0'),
    expected,
  );
});

test('the key of an identity is that of the old program, cut at 55 characters', async () => {
  const keys = [
    ['4711abcdefab1234567890alicehost1', salt, 10, '14fbdac2254f51596659cf2ab3074f3b664a0e28158ba28e932ac232e04e2a40'],
    ['x'.repeat(55), 'N9qo8uLOickgx2ZMRZoMye', 12, '8e059a5e425b80b2c4a0a49e24eece2fc16f405a8afc5e59120ab975434c703b'],
    ['A'.repeat(80), '.'.repeat(22), 10, '9f24d756670ccbeb41c22a6578b56c3f31964962095c1b7fb97f3cfd20ec883e'],
  ] as const;
  for (const [identity, givenSalt, cost, key] of keys) {
    assert.equal((await deriveOldKey(identity, givenSalt, cost))?.toString('hex'), key);
  }
});

test('bcrypt is the one with the sign extension, which other bytes than ASCII show', async () => {
  const digest = await bcryptDigest(Buffer.from('pässwörd'), salt, 10);
  assert.equal(digest?.toString('latin1'), 'M6Ch8FNCMC3WSp5M4i9nVvRvRk3.HXa');
});

for (const { generation, id, token } of vectors) {
  test(`a token of ${generation} opens where it was made, and has the name it always had`, async () => {
    const opened = await openOldToken(token, { isKnown, surroundings: here });
    assert.equal(opened.kind, 'opened');
    if (opened.kind !== 'opened') return;
    using key = opened.shellKey;
    assert.deepEqual(Buffer.from(key.bytes), shellKey);
    assert.equal(opened.generation, generation);
    assert.equal(oldSessionIdOf(token), id);
  });
}

test('a token opens in no other place', async () => {
  const elsewhere = { ...here, hostName: 'other', ancestors: [12] };
  for (const { token } of vectors) {
    const opened = await openOldToken(token, { isKnown, surroundings: elsewhere });
    assert.ok(opened.kind === 'refused' && opened.code === 'another-shell');
  }
});

test('a shell key that opens nothing known is not accepted', async () => {
  const opened = await openOldToken(vectors[1].token, { isKnown: () => false, surroundings: here });
  assert.ok(opened.kind === 'refused' && opened.code === 'another-shell');
});

test('what is not in form is refused at once, a cost that cannot be paid too', async () => {
  const { token } = vectors[0];
  const withCost = (cost: string): string => token.slice(0, 150) + [...cost].reverse().join('');
  for (const cost of ['17', '31', '99', '09', '04']) assert.equal(isOldToken(withCost(cost)), false, cost);
  for (const cost of ['10', '16']) assert.equal(isOldToken(withCost(cost)), true, cost);
  for (const wrong of [
    '',
    token.slice(1),
    `${token}1`,
    `.${token.slice(1)}`,
    `${token.slice(0, 130)}@${token.slice(131)}`,
  ]) {
    assert.equal(isOldToken(wrong), false);
    const opened = await openOldToken(wrong, { isKnown, surroundings: here });
    assert.ok(opened.kind === 'refused' && opened.code === 'malformed-token');
  }
});

test('no more than sixteen identities are tried', async () => {
  const ancestors = Array.from({ length: 64 }, (_, at) => 100 + at);
  const late = { ...here, ancestors: [...ancestors, 4_711] };
  const opened = await openOldToken(vectors[0].token, { isKnown, surroundings: late });
  assert.ok(opened.kind === 'refused');
});
