import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { formats } from './index.ts';
import { saslprep } from './saslprep.ts';

const prepared = (text: string): string => saslprep(Buffer.from(text)).toString();

test('the examples of RFC 4013', () => {
  assert.equal(prepared('I\u{ad}X'), 'IX');
  assert.equal(prepared('user'), 'user');
  assert.equal(prepared('USER'), 'USER');
  assert.equal(prepared('\u{aa}'), 'a');
  assert.equal(prepared('\u{2168}'), 'IX');
});

test('what SASLprep does not allow stays as it is', () => {
  for (const text of [
    '\u{7}',
    'a\u{7}\u{aa}',
    '\u{627}\u{31}',
    '\u{627}a\u{627}\u{aa}',
    '\u{ad}',
    '\u{e000}\u{aa}',
    'ª😀',
  ]) {
    assert.equal(prepared(text), text, JSON.stringify(text));
  }
});

test('other spaces become the ordinary one, accents one character', () => {
  assert.equal(prepared('a\u{a0}b\u{3000}c'), 'a b c');
  assert.equal(prepared('u\u{308}'), '\u{fc}');
});

test('bytes that are no UTF-8 stay as they are', () => {
  assert.deepEqual(saslprep(Buffer.of(0xff, 0xfe, 0x41)), Buffer.of(0xff, 0xfe, 0x41));
});

test('a verifier of PostgreSQL gives the exchange of RFC 7677', async () => {
  const random = (target: Uint8Array): void => target.set(Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64'));
  const request = { plain: Buffer.from('pencil'), key: 'k', options: {}, random, nowUnixMs: 0 };
  const derived = await formats.get('pgsql')?.derive(request);
  assert.equal(derived?.kind, 'derived');
  if (derived?.kind !== 'derived') return;
  const stored = Buffer.from(derived.value).toString();
  assert.ok(stored.startsWith('SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$'));
  const message =
    'n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,' +
    'i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0';
  const serverKey = Buffer.from(stored.split(':').at(-1) ?? '', 'base64');
  const signature = createHmac('sha256', serverKey).update(message).digest('base64');
  assert.equal(signature, '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=');
});
