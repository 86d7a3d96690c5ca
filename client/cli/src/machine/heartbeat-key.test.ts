import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { ScratchDirectory } from '../testing/scratch-directory.ts';
import { parseHeartbeatKey } from './heartbeat-key.ts';

test('a key is read from PEM and from base64', () => {
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ type: 'spki', format: 'der' }).subarray(-32).toString('base64');
  assert.equal(parseHeartbeatKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()), raw);
  assert.equal(parseHeartbeatKey(`${raw}\n`), raw);
  assert.equal(parseHeartbeatKey(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()), undefined);
});

test('a key of ssh-keygen is read', () => {
  using scratch = new ScratchDirectory();
  const made = spawnSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'a b', '-f', scratch.in('key')]);
  assert.equal(made.status, 0);
  const line = readFileSync(scratch.in('key.pub'), 'utf8');
  const blob = Buffer.from(line.split(' ')[1] ?? '', 'base64');
  assert.equal(parseHeartbeatKey(line), blob.subarray(-32).toString('base64'));
});

test('other keys, and other things, are not taken', () => {
  const { publicKey } = generateKeyPairSync('x25519');
  assert.equal(parseHeartbeatKey(publicKey.export({ type: 'spki', format: 'pem' }).toString()), undefined);
  assert.equal(parseHeartbeatKey('ssh-rsa AAAAB3NzaC1yc2E='), undefined);
  assert.equal(parseHeartbeatKey('-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----'), undefined);
  assert.equal(parseHeartbeatKey('x'.repeat(44)), undefined);
  assert.equal(parseHeartbeatKey(''), undefined);
});
