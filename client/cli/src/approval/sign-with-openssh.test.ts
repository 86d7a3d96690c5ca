// What is signed here is checked by OpenSSH itself, with a key in a file and with one that only an agent holds.

import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import test from 'node:test';
import { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';
import { ScratchDirectory } from '../testing/scratch-directory.ts';
import { signWithOpenSsh, unarmour } from './sign-with-openssh.ts';

const text = machines.approvalText('store', {
  requestId: '00'.repeat(16),
  name: 'zürich/web1',
  keyId: 'c0ffee00'.repeat(8),
  address: '192.0.2.7',
  askedAtUnixMs: 1_800_000_000_000,
  approve: true,
});

const makeKey = (scratch: ScratchDirectory, type: string): string => {
  const file = scratch.in(type);
  execFileSync('ssh-keygen', ['-q', '-t', type, '-N', '', '-f', file]);
  return file;
};

/** Whether OpenSSH takes it for a signature of this key over these bytes. */
const isGood = (scratch: ScratchDirectory, publicKey: string, blob: Uint8Array, signed: Uint8Array): boolean => {
  const base64 = Buffer.from(blob).toString('base64').replace(/.{70}/g, '$&\n');
  writeFileSync(scratch.in('sig'), `-----BEGIN SSH SIGNATURE-----\n${base64}\n-----END SSH SIGNATURE-----\n`);
  writeFileSync(scratch.in('signers'), `anna ${readFileSync(publicKey, 'utf8')}`);
  const args = ['-q', '-Y', 'verify', '-f', scratch.in('signers'), '-I', 'anna', '-n', 'approval@chatelaine'];
  return spawnSync('ssh-keygen', [...args, '-s', scratch.in('sig')], { input: signed }).status === 0;
};

test('OpenSSH finds the signature good over these bytes, and over no others', async () => {
  using scratch = new ScratchDirectory();
  for (const type of ['ed25519', 'ecdsa', 'rsa']) {
    const key = makeKey(scratch, type);
    const blob = await signWithOpenSsh(text, key);
    assert.equal(Buffer.from(blob.subarray(0, 6)).toString(), 'SSHSIG');
    assert.ok(isGood(scratch, `${key}.pub`, blob, text));
    assert.ok(!isGood(scratch, `${key}.pub`, blob, text.subarray(1)));
  }
});

test('a key that only an agent holds signs, too', async () => {
  using scratch = new ScratchDirectory();
  const key = makeKey(scratch, 'ed25519');
  const started = execFileSync('ssh-agent', ['-s', '-a', scratch.in('agent')]).toString();
  const pid = Number(/SSH_AGENT_PID=(\d+)/.exec(started)?.[1]);
  const before = process.env['SSH_AUTH_SOCK'];
  try {
    process.env['SSH_AUTH_SOCK'] = scratch.in('agent');
    execFileSync('ssh-add', ['-q', key], { stdio: 'ignore' });
    unlinkSync(key);
    assert.ok(isGood(scratch, `${key}.pub`, await signWithOpenSsh(text, `${key}.pub`), text));
  } finally {
    process.kill(pid);
    if (before === undefined) delete process.env['SSH_AUTH_SOCK'];
    else process.env['SSH_AUTH_SOCK'] = before;
  }
});

test('without a signature nothing comes back', async () => {
  await assert.rejects(signWithOpenSsh(text, '/nowhere/key'), (error) => error instanceof Failure);
});

test('only the armour of a signature is opened', () => {
  assert.equal(unarmour('-----BEGIN PGP SIGNATURE-----\nAAAA\n-----END PGP SIGNATURE-----\n'), undefined);
  assert.equal(unarmour(''), undefined);
  assert.deepEqual(
    unarmour('-----BEGIN SSH SIGNATURE-----\nU1NI\nU0lH\n-----END SSH SIGNATURE-----\n'),
    Uint8Array.from(Buffer.from('SSHSIG')),
  );
});
