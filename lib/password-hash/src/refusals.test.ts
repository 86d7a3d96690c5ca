// What is refused, under which code, and which field is named.

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import { test } from 'node:test';
import { type FormatOptions, formats } from './index.ts';

const random = (target: Uint8Array): void => {
  randomFillSync(target);
};

const derive = async (name: string, plain: string, options: FormatOptions = {}) => {
  const request = { plain: Buffer.from(plain), key: 'k', options, random, nowUnixMs: 0 };
  return (await formats.get(name)?.derive(request)) ?? assert.fail(`no format ${name}`);
};

const refusedOptions: readonly (readonly [string, FormatOptions, string])[] = [
  ['bcrypt', { cost: 'very' }, 'cost'],
  ['bcrypt', { cost: 21 }, 'cost'],
  ['bcrypt', { cost: 12.5 }, 'cost'],
  ['bcrypt', { variant: 'x' }, 'variant'],
  ['sha512crypt', { rounds: 999 }, 'rounds'],
  ['sha512crypt', { rounds: [5_000] }, 'rounds'],
  ['yescrypt', { cost: 12 }, 'cost'],
  ['argon2', { argon2: { foo: 1 } }, 'argon2'],
  ['argon2', { argon2: 3 }, 'argon2'],
  ['argon2', { argon2: { salt_len: 7 } }, 'argon2.salt_len'],
  ['argon2', { argon2: { m_cost: 8, parallelism: 4 } }, 'argon2.m_cost'],
  ['pgsql', { encode: 'sha1' }, 'encode'],
  ['ssha', { salt: ['a'] }, 'salt'],
  ['htdigest', { username: 'a:b', realm: 'r' }, 'username'],
  ['dovecot', { scheme: 'CRAM-MD5' }, 'scheme'],
  ['dovecot', { scheme: 'PLAIN' }, 'scheme'],
  ['dovecot', { scheme: 'PBKDF2', rounds: 'many' }, 'rounds'],
  ['dovecot', { scheme: 'BLF-CRYPT', cost: 99 }, 'cost'],
  ['sshkey', { type: 'dsa' }, 'type'],
  ['sshkey', { type: 'ecdsa', bits: 2_048 }, 'bits'],
  ['sshkey', { type: 'rsa', bits: 512 }, 'bits'],
  ['sshkey', { comment: 'two\nlines' }, 'comment'],
  ['sshkey', { type: 'ed25519', passphrase: 'secret' }, 'passphrase'],
  ['sshkey', { passphrase: '' }, 'passphrase'],
  ['x509', { CN: 'h', hash: 'md5' }, 'hash'],
  ['x509', { CN: 'h', days: 'long' }, 'days'],
  ['x509', { CN: 'h', keysize: 512 }, 'keysize'],
  ['x509', { CN: 'h', C: 'CHE' }, 'C'],
  ['x509', { CN: 'h', key_usages: ['dancing'] }, 'key_usages'],
  ['x509', { CN: 'h', altnames: ['two words'] }, 'altnames.0'],
  ['x509', { subject: 'nothing' }, 'subject'],
  ['x509', { subject: '/XX=1' }, 'subject'],
  ['x509', { csr: 'x' }, 'csr'],
  ['x509', { csr: 'x', ca: 'ca' }, 'csr'],
];

for (const [name, options, field] of refusedOptions) {
  test(`${name}: ${JSON.stringify(options)} is refused, and ${field} is named`, async () => {
    const refused = await derive(name, 'a password of somebody', options);
    assert.partialDeepStrictEqual(refused, { kind: 'refused', code: 'invalid-option', field });
  });
}

test('what is missing is named', async () => {
  for (const [name, options, field] of [
    ['pgsql', { encode: 'md5' }, 'username'],
    ['htdigest', { realm: 'r' }, 'username'],
  ] as const) {
    const refused = await derive(name, 'x', options);
    assert.partialDeepStrictEqual(refused, { kind: 'refused', code: 'missing-option', field });
  }
  assert.partialDeepStrictEqual(await derive('x509', ''), { kind: 'refused', field: 'CN' });
});

test('numbers may come as text, and texts as numbers', async () => {
  const bcrypt = await derive('bcrypt', 'x', { cost: '5' });
  assert.match(bcrypt.kind === 'derived' ? Buffer.from(bcrypt.value).toString() : '', /^\$2a\$05\$/);
  const pgsql = await derive('pgsql', 'x', { encode: 'md5', username: 7 });
  assert.equal(pgsql.kind, 'derived');
});

test('a cost of bcrypt below the least is the least', async () => {
  const derived = await derive('bcrypt', 'x', { cost: 1 });
  assert.match(derived.kind === 'derived' ? Buffer.from(derived.value).toString() : '', /^\$2a\$04\$/);
});

test('options of Ruby symbols are understood in the costs of argon2', async () => {
  const derived = await derive('argon2', 'x', { argon2: { ':m_cost': 64, ':t_cost': 3 } });
  const text = derived.kind === 'derived' ? Buffer.from(derived.value).toString() : '';
  assert.match(text, /^\$argon2id\$v=19\$m=64,t=3,p=1\$/);
});

test('options that a format does not know are dropped', async () => {
  assert.equal((await derive('mysql', 'x', { length: 16, charset: 'default', whatever: {} })).kind, 'derived');
});

test('a NUL byte is refused where a C string would end there', async () => {
  for (const name of ['md5crypt', 'sha256crypt', 'sha512crypt', 'bcrypt', 'yescrypt', 'scrypt', 'apr1']) {
    const refused = await derive(name, 'before\0after');
    assert.partialDeepStrictEqual(refused, { kind: 'refused', code: 'unsupported-password' }, name);
    const honest = await derive(name, 'before', name === 'bcrypt' ? { cost: 4 } : {});
    assert.equal(honest.kind, 'derived');
    if (honest.kind !== 'derived') return;
    assert.deepEqual(await formats.get(name)?.verify?.(Buffer.from('before\0after'), honest.value), {
      kind: 'mismatch',
    });
  }
});

test('a password of which bcrypt would ignore the end is refused, unless told to cut it', async () => {
  const long = 'x'.repeat(73);
  assert.partialDeepStrictEqual(await derive('bcrypt', long), { kind: 'refused', code: 'unsupported-password' });
  const cut = await derive('bcrypt', long, { truncate: true, cost: 4 });
  assert.equal(cut.kind, 'derived');
  if (cut.kind !== 'derived') return;
  assert.deepEqual(await formats.get('bcrypt')?.verify?.(Buffer.from('x'.repeat(72)), cut.value), { kind: 'match' });
});

test('a password longer than libcrypt takes is refused, and matches nothing', async () => {
  const long = 'x'.repeat(512);
  assert.partialDeepStrictEqual(await derive('sha512crypt', long), { kind: 'refused', code: 'unsupported-password' });
  assert.equal((await derive('sha512crypt', 'x'.repeat(511))).kind, 'derived');
});

test('no refusal repeats what it was given', async () => {
  for (const [name, options] of refusedOptions) {
    const refused = await derive(name, 'a password of somebody', { ...options, passphrase: 'hunter2\0\n' });
    const text = JSON.stringify(refused);
    assert.ok(!text.includes('somebody') && !text.includes('hunter2'), text);
  }
});

test('a hash that would cost minutes is not computed', async () => {
  const tooMuch = [
    ['pgsql', `SCRAM-SHA-256$999999999:AAECAwQFBgcICQoLDA0ODw==$${'A'.repeat(43)}=:${'A'.repeat(43)}=`],
    ['argon2', '$argon2id$v=19$m=4194304,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$K13EBUiG7JV+9ZxztmHFTdb7J0WQsnj2V8bZaqyPptE'],
    ['django', `pbkdf2_sha256$999999999$salt$${'A'.repeat(43)}=`],
    ['bcrypt', `$2b$31$${'A'.repeat(53)}`],
    ['yescrypt', `$y$jVT$salt$${'A'.repeat(43)}`],
    ['yescrypt', `$y$j9T9999$salt$${'A'.repeat(43)}`],
    ['scrypt', `$7$zU..../....salt$${'A'.repeat(43)}`],
    ['dovecot', `{CRYPT}$y$jVT$salt$${'A'.repeat(43)}`],
    ['sha512crypt', `$6$rounds=999999999$salt$${'A'.repeat(86)}`],
  ] as const;
  for (const [name, stored] of tooMuch) {
    const verdict = await formats.get(name)?.verify?.(Buffer.from('x'), Buffer.from(stored));
    assert.partialDeepStrictEqual(verdict, { kind: 'refused', code: 'not-this-format' }, name);
  }
});
