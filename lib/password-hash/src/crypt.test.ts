// What calls libcrypt, and what computes beside it.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import v8 from 'node:v8';
import vm from 'node:vm';
import fc from 'fast-check';
import { crypt, makeSetting } from './crypt.ts';
import { md4 } from './md4.ts';
import { md5Crypt } from './md5-crypt.ts';
import { sha256Crypt } from './sha256-crypt.ts';

const password = fc.uint8Array({ maxLength: 200 }).map((bytes) => bytes.map((byte) => byte || 1));
const salt = (maxLength: number) => fc.string({ unit: fc.constantFrom(...'./09AZaz'), minLength: 1, maxLength });

test('md5crypt with the magic of crypt(3) is that of libcrypt', async () => {
  await fc.assert(
    fc.asyncProperty(password, salt(8), async (plain, text) => {
      assert.equal(await md5Crypt(plain, '$1$', text), await crypt(plain, `$1$${text}`));
    }),
    { numRuns: 25 },
  );
});

test('SHA-crypt with a salt that libcrypt takes is that of libcrypt', async () => {
  await fc.assert(
    fc.asyncProperty(password, salt(16), async (plain, text) => {
      const own = `$5$rounds=1000$${text}$${await sha256Crypt(plain, Buffer.from(text), 1_000)}`;
      assert.equal(own, await crypt(plain, `$5$rounds=1000$${text}`));
    }),
    { numRuns: 25 },
  );
});

test('a setting that libcrypt does not know gives nothing', async () => {
  for (const setting of ['', '*0', '$99$abc$', '$6$rounds=x$salt', '$y$', 'é']) {
    assert.equal(await crypt(Buffer.from('x'), setting), undefined, setting);
  }
  assert.throws(() => makeSetting('$2b$', 99, new Uint8Array(16)), RangeError);
});

test('what a call uses outlives every collection while it runs', async () => {
  v8.setFlagsFromString('--expose-gc');
  const collect: () => void = vm.runInNewContext('gc');
  const setting = '$6$rounds=20000$abcdefgh';
  const expected = [await crypt(Buffer.from('password 0'), setting), await crypt(Buffer.from('password 1'), setting)];
  let isOver = false;
  const hashing = Promise.all(
    Array.from({ length: 24 }, (_, index) => crypt(Buffer.from(`password ${index % 2}`), setting)),
  );
  const over = hashing.finally(() => {
    isOver = true;
  });
  const litter: Buffer[] = [];
  while (!isOver) {
    collect();
    // Takes the place of whatever was freed.
    litter.push(Buffer.alloc(32_768, 0x41), Buffer.from('$1$wrong$'.repeat(3)));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await over;
  assert.deepEqual(
    await hashing,
    Array.from({ length: 24 }, (_, index) => expected[index % 2]),
  );
});

test('MD4 is that of RFC 1320', () => {
  assert.equal(md4(Buffer.from('')).toString('hex'), '31d6cfe0d16ae931b73c59d7e0c089c0');
  assert.equal(md4(Buffer.from('message digest')).toString('hex'), 'd9130a8164549fe818874806e1c7014b');
  const digits = '1234567890'.repeat(8);
  assert.equal(md4(Buffer.from(digits)).toString('hex'), 'e33b4ddc9c38f2199c3e7b164fcc0536');
});
