import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encryptPassword } from './encrypt-password.ts';
import { type MachineKeys, makeKeys } from './make-keys.ts';
import { readOpener } from './open-message.ts';
import { openPlain, readPlainKeys } from './plain-openpgp.ts';

const encrypt = (password: Buffer, keys: MachineKeys): Promise<Uint8Array> =>
  encryptPassword(password, { publicKey: keys['pubkey.txt'], secretKey: keys['seckey.txt'] });

const plainKeysOf = (keys: MachineKeys) =>
  readPlainKeys(keys['seckey.txt']) ?? assert.fail('the short way does not know it');

const ours = await makeKeys('web1');
const passwords = [Buffer.alloc(0), Buffer.from(' a\0b\r\n'), Buffer.alloc(60_000, 0x41), Buffer.alloc(511, 0xff)];

test('the short way opens messages for both kinds of our keys, to the last byte', async () => {
  for (const keys of [ours, await makeKeys('web1', { rsaBits: 2_048 })]) {
    for (const password of passwords) {
      assert.deepEqual(openPlain(await encrypt(password, keys), plainKeysOf(keys)), password);
    }
  }
});

test('what is for another key is left to the library, which says so', async () => {
  const message = await encrypt(Buffer.from('x'), await makeKeys('web2'));
  assert.equal(openPlain(message, plainKeysOf(ours)), undefined);
  const open = await readOpener(ours['seckey.txt']);
  await assert.rejects(open(message), { name: 'MachineKeysError', message: 'it is encrypted to another key' });
  await assert.rejects(open(Buffer.from('garbage')), { message: 'it is not an OpenPGP message' });
  await assert.rejects(readOpener('garbage'), { name: 'MachineKeysError' });
});

test('a message that was cut or changed anywhere gives nothing, by either way', async () => {
  const password = Buffer.from('correct horse');
  const message = Buffer.from(await encrypt(password, ours));
  const keys = plainKeysOf(ours);
  for (let at = 0; at < message.length; at++) {
    assert.equal(openPlain(message.subarray(0, at), keys), undefined);
    const changed = Buffer.from(message);
    changed[at] = (changed[at] ?? 0) ^ 4;
    const opened = openPlain(changed, keys);
    // Bytes that say nothing about the content: the key's time, say.
    assert.ok(opened === undefined || opened.equals(password), `byte ${at}`);
  }
  const open = await readOpener(ours['seckey.txt']);
  await assert.rejects(open(message.subarray(0, -1)), { name: 'MachineKeysError' });
  const last = Buffer.from(message);
  last[last.length - 1] = (last.at(-1) ?? 0) ^ 1;
  await assert.rejects(open(last), { message: 'it is damaged' });
});

test('whatever bytes come, the short way gives nothing and does not throw', () => {
  const keys = plainKeysOf(ours);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => openPlain(bytes, keys) === undefined),
    { numRuns: 2_000 },
  );
  fc.assert(fc.property(fc.string(), (text) => readPlainKeys(text) === undefined));
});
