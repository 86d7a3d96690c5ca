import assert from 'node:assert/strict';
import test from 'node:test';
import { fillRandom, SecretBytes } from '@chatelaine/secret';
import { beginToken, finishToken, formatToken, openToken, parseToken, SHELL_KEY_BYTES, sessionIdOf } from './token.ts';

const make = (tokenKey: SecretBytes, shellKey: SecretBytes): string => {
  const token = beginToken(1, fillRandom);
  finishToken(token, tokenKey, shellKey);
  return formatToken(token);
};

test('a token is 108 characters, and gives its shell key to its token key alone', () => {
  using tokenKey = SecretBytes.random(32);
  using shellKey = SecretBytes.random(SHELL_KEY_BYTES);
  using otherKey = SecretBytes.random(32);
  const text = make(tokenKey, shellKey);
  assert.match(text, /^sk2_[A-Za-z0-9_-]{104}$/);
  const token = parseToken(text);
  assert.ok(token !== undefined);
  using opened = openToken(token, tokenKey);
  assert.deepEqual(opened?.bytes, shellKey.bytes);
  assert.equal(openToken(token, otherKey), undefined);
});

test('a token with any bit changed is rejected, and names another session', () => {
  using tokenKey = SecretBytes.random(32);
  using shellKey = SecretBytes.random(SHELL_KEY_BYTES);
  const text = make(tokenKey, shellKey);
  const bytes = Buffer.from(text.slice(4), 'base64url');
  const id = sessionIdOf({ kind: 1, bytes, salt: bytes });
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const changed = Buffer.from(bytes);
    changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const token = parseToken(`sk2_${changed.toString('base64url')}`);
    if (token === undefined) continue;
    assert.equal(openToken(token, tokenKey), undefined, `bit ${bit}`);
    assert.notEqual(sessionIdOf(token), id);
  }
});

test('what is not exactly in form is not a token', () => {
  using key = SecretBytes.random(32);
  const text = make(key, key);
  const wrong = [
    '',
    'sk2_',
    text.slice(0, -1),
    `${text}A`,
    ` ${text}`,
    `${text}\n`,
    `sk3_${text.slice(4)}`,
    `${text.slice(0, -1)}=`,
  ];
  for (const form of [...wrong, `sk2_${'A'.repeat(104)}`]) assert.equal(parseToken(form), undefined, form.slice(0, 4));
});
