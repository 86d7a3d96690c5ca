// Trocla's encryption: what is sealed opens again, whatever its length; a wrong key or a changed line opens nothing.

import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, suite, test } from 'node:test';
import { PasswordStoreError } from '../password-store.ts';
import { SslCipher } from './ssl-cipher.ts';

suite('values encrypted with RSA', () => {
  const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-ssl-'));
  after(() => rmSync(directory, { recursive: true }));

  const keyFiles = (name: string) => {
    const { privateKey, publicKey } = generateKeyPairSync('rsa', {
      modulusLength: 1_024,
      privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const files = { privateKey: path.join(directory, `${name}.pem`), publicKey: path.join(directory, `${name}.pub`) };
    writeFileSync(files.privateKey, privateKey);
    writeFileSync(files.publicKey, publicKey);
    return files;
  };
  const files = keyFiles('one');
  const cipher = new SslCipher(files);

  test('open again, around every boundary of a piece', () => {
    for (const length of [0, 1, 116, 117, 118, 234, 235, 1_000]) {
      const value = Buffer.alloc(length, 'ü');
      const stored = cipher.seal(value);
      assert.deepEqual(Buffer.from(cipher.open(stored)), value);
      assert.equal(Buffer.from(stored).toString().split('\n').length - 1, Math.ceil(length / 117) + 1);
    }
  });

  test('do not open with another key, and nothing of them is in the message', () => {
    const stored = cipher.seal(Buffer.from('very secret'));
    const other = new SslCipher(keyFiles('two'));
    assert.throws(
      () => other.open(stored),
      (error) => error instanceof PasswordStoreError && error.code === 'encryption' && !/secret/.test(error.message),
    );
  });

  test('say which setting or file is missing, in the words of the original', () => {
    const nothing = new SslCipher({});
    assert.throws(() => nothing.seal(Buffer.from('x')), /'ssl_options' => :public_key is not defined/);
    assert.throws(() => nothing.open(Buffer.from('eA==\n')), /'ssl_options' => :private_key is not defined/);
    const lost = new SslCipher({ privateKey: '/nowhere/key.pem' });
    assert.throws(
      () => lost.open(Buffer.from('eA==\n')),
      /No such file or directory @ rb_sysopen - \/nowhere\/key\.pem/,
    );
  });
});
