// What an enrolment makes, in the hands of Debian's gpg, certtool's kin and mandos-keygen, and what they make in ours.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import {
  encryptPassword,
  fingerprintOf,
  makeKeys,
  readKeyDirectory,
  writeKeyDirectory,
} from '@chatelaine/machine-keys';
import { readClients } from '../clients-conf/clients.ts';
import { GnuPg } from '../testing/gnupg.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';

const passwords: readonly Buffer[] = [
  Buffer.from('correct horse battery staple'),
  Buffer.from(' keeps \u0000 every\r\n byte \n'),
  Buffer.from([0xff, 0x00, 0x0a]),
  Buffer.alloc(0),
  Buffer.alloc(60_000, 0x41),
];

const mandosKeygen = (args: readonly string[]): string =>
  execFileSync('/usr/sbin/mandos-keygen', args, { stdio: ['ignore', 'pipe', 'ignore'] }).toString();

test('gpg opens what we encrypt with keys we made, to the last byte, and finds the signature good', async () => {
  using gpg = new GnuPg();
  const keys = await makeKeys('web1');
  gpg.run(['--import'], keys['seckey.txt']);
  for (const password of passwords) {
    const secret = await encryptPassword(password, {
      publicKey: keys['pubkey.txt'],
      secretKey: keys['seckey.txt'],
    });
    assert.deepEqual(gpg.run(['--decrypt'], secret), password);
    const said = gpg.run(['--status-fd', '1', '--output', '/dev/null', '--decrypt'], secret).toString();
    assert.match(said, /GOODSIG [0-9A-F]+ web1/);
    assert.match(said, /DECRYPTION_INFO 2 9 0/);
  }
});

test('the key is what mandos-keygen calls a key: its user id, its armour comment, its fingerprint', async () => {
  using gpg = new GnuPg();
  const keys = await makeKeys('zurich/web 1');
  for (const name of ['seckey.txt', 'pubkey.txt'] as const) {
    assert.match(keys[name], /^Comment: Mandos client key for zurich\/web 1\r?$/m);
  }
  gpg.run(['--import'], keys['pubkey.txt']);
  const listed = gpg.run(['--with-colons', '--fingerprint', '--list-keys']).toString();
  assert.match(listed, /^uid:.*:zurich\/web 1:/m);
  assert.equal(/^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1], await fingerprintOf(keys['pubkey.txt']));
});

test('mandos-keygen makes a stanza with our keys; its key id is ours, and gpg opens its secret', async () => {
  using scratch = new ScratchDirectory();
  using gpg = new GnuPg();
  const keys = await makeKeys('web1');
  await writeKeyDirectory(scratch.in('keys'), keys);
  writeFileSync(scratch.in('password'), passwords[1] ?? '');
  const stanza = mandosKeygen([
    '--dir',
    scratch.in('keys'),
    '--name',
    'web1',
    '--passfile',
    scratch.in('password'),
    '-S',
  ]);
  const { machines, problems } = readClients(Buffer.from(stanza), () => new Uint8Array());
  assert.deepEqual(problems, []);
  const ours = await readKeyDirectory(scratch.in('keys'));
  assert.equal(machines[0]?.machine.keyId, ours.keyId);
  assert.equal(machines[0]?.machine.fingerprint, await fingerprintOf(keys['pubkey.txt']));
  gpg.run(['--import'], keys['seckey.txt']);
  assert.deepEqual(gpg.run(['--decrypt'], machines[0]?.machine.secret), passwords[1]);
});

test('the key id is the one openssl computes', async () => {
  using scratch = new ScratchDirectory();
  await writeKeyDirectory(scratch.path, await makeKeys('web1'));
  const der = execFileSync('openssl', ['pkey', '-pubin', '-in', scratch.in('tls-pubkey.pem'), '-outform', 'der']);
  const sum = execFileSync('sha256sum', { input: der }).toString().slice(0, 64);
  assert.equal((await readKeyDirectory(scratch.path)).keyId, sum);
});

test('with keys of mandos-keygen, of any type it was told to make, we encrypt and gpg opens', async () => {
  const types = [
    ['--type', 'RSA', '--length', '2048', '--sublength', '2048', '--tls-keytype', 'ed25519'],
    ['--type', 'RSA', '--length', '1024', '--sublength', '1024', '--tls-keytype', 'ecdsa'],
    ['--type', 'DSA', '--length', '1024', '--subtype', 'ELG-E', '--sublength', '1024', '--tls-keytype', 'rsa'],
  ];
  for (const type of types) {
    using scratch = new ScratchDirectory();
    using gpg = new GnuPg();
    mandosKeygen(['--dir', scratch.path, '--name', 'web1', ...type]);
    const keys = await readKeyDirectory(scratch.path);
    gpg.run(['--import'], readFileSync(scratch.in('seckey.txt')));
    const password = passwords[1] ?? Buffer.alloc(0);
    assert.deepEqual(gpg.run(['--decrypt'], await encryptPassword(password, keys)), password, type.join(' '));
    assert.deepEqual(gpg.run(['--decrypt'], await encryptPassword(password, { publicKey: keys.publicKey })), password);
  }
});

test('the four files are for their owner alone, and nothing else is left beside them', async () => {
  using scratch = new ScratchDirectory();
  await writeKeyDirectory(scratch.in('new', 'keys'), await makeKeys('web1'));
  const names = readdirSync(scratch.in('new', 'keys'));
  assert.deepEqual(names.toSorted(), ['pubkey.txt', 'seckey.txt', 'tls-privkey.pem', 'tls-pubkey.pem']);
  for (const name of names) assert.equal(statSync(scratch.in('new', 'keys', name)).mode & 0o7777, 0o600, name);
  assert.equal(statSync(scratch.in('new', 'keys')).mode & 0o7777, 0o700);
});
