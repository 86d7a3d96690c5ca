import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { parseSshPublicKey, type SshPublicKey, verifySshSignature } from './ssh-signature.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'chatelaine-ssh-'));
after(() => rmSync(directory, { recursive: true, force: true }));

const message = Buffer.from('exactly this\n');
const namespace = 'approval@chatelaine';

const makeKey = (...type: string[]): { readonly file: string; readonly key: SshPublicKey } => {
  const file = path.join(directory, type.join(''));
  execFileSync('ssh-keygen', ['-q', '-N', '', '-t', ...type, '-f', file]);
  const key = parseSshPublicKey(readFileSync(`${file}.pub`, 'utf8'));
  assert.ok(key, type.join(' '));
  return { file, key };
};

const sign = (file: string, bytes: Uint8Array, options: readonly string[] = []): Buffer => {
  const input = path.join(directory, 'message');
  writeFileSync(input, bytes);
  rmSync(`${input}.sig`, { force: true });
  execFileSync('ssh-keygen', ['-q', '-Y', 'sign', '-n', namespace, ...options, '-f', file, input]);
  const armour = readFileSync(`${input}.sig`, 'utf8');
  return Buffer.from(armour.replaceAll(/-----[A-Z ]+-----|\n/g, ''), 'base64');
};

const kinds = [
  ['ed25519'],
  ['ecdsa', '-b', '256'],
  ['ecdsa', '-b', '384'],
  ['ecdsa', '-b', '521'],
  ['rsa', '-b', '2048'],
];

for (const type of kinds) {
  test(`what ssh-keygen signs with ${type.join(' ')} is accepted, and nothing else`, () => {
    const { file, key } = makeKey(...type);
    const shown = execFileSync('ssh-keygen', ['-l', '-f', `${file}.pub`]).toString();
    assert.ok(shown.includes(` ${key.fingerprint} `));
    const signature = sign(file, message);
    const { blob } = key;
    assert.ok(verifySshSignature(signature, { blob, namespace, message }));
    assert.ok(verifySshSignature(sign(file, message, ['-O', 'hashalg=sha256']), { blob, namespace, message }));
    assert.ok(!verifySshSignature(signature, { blob, namespace: 'file', message }), 'another namespace');
    assert.ok(!verifySshSignature(signature, { blob, namespace, message: Buffer.from('exactly that\n') }));
    for (let at = 0; at < signature.length; at++) {
      const flipped = Buffer.from(signature);
      flipped[at] = (flipped[at] ?? 0) ^ 1;
      assert.ok(!verifySshSignature(flipped, { blob, namespace, message }), `byte ${at} flipped`);
      assert.ok(!verifySshSignature(signature.subarray(0, at), { blob, namespace, message }), `cut at ${at}`);
    }
    assert.ok(!verifySshSignature(Buffer.concat([signature, Buffer.alloc(1)]), { blob, namespace, message }));
  });
}

test('the signature of another key does not count', () => {
  const mine = makeKey('ed25519', '-C', 'mine');
  const other = makeKey('ed25519', '-C', 'other');
  const signature = sign(other.file, message);
  assert.ok(!verifySshSignature(signature, { blob: mine.key.blob, namespace, message }));
});

test('what is no key, or too weak a one, is not read', () => {
  const { file } = makeKey('ed25519', '-C', 'third');
  const [, blob = ''] = readFileSync(`${file}.pub`, 'utf8').split(' ');
  for (const line of ['', 'ssh-ed25519', `ssh-rsa ${blob}`, `ssh-ed25519 ${blob.slice(0, -8)}`, 'ssh-dss AAAA']) {
    assert.equal(parseSshPublicKey(line), undefined, line);
  }
});
