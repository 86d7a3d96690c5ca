// Every operation against the real kernel.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'node:test';
import { type ErrnoName, isKeyctlError, Key, Keyring, keyctl, specialKeyring } from './index.ts';
import { joinOwnSession } from './testing/own-session.ts';

const session = joinOwnSession();

const refused = (use: () => unknown, ...codes: readonly ErrnoName[]): void => {
  assert.throws(use, (error) => isKeyctlError(error, ...codes));
};

test('a key is made, found, read, replaced, described', () => {
  const id = keyctl.addKey('user', 'plain', Buffer.from('a\0\xff'), session.id);
  assert.equal(keyctl.search(session.id, 'user', 'plain'), id);
  assert.equal(keyctl.requestKey('user', 'plain'), id);
  assert.deepEqual(keyctl.read(id), Buffer.from('a\0\xff'));
  keyctl.update(id, Buffer.from('second'));
  assert.equal(keyctl.addKey('user', 'plain', Buffer.from('third'), session.id), id);
  assert.equal(
    new Key(id).use((payload) => payload.toString()),
    'third',
  );
  assert.match(keyctl.describe(id).toString(), /^user;\d+;\d+;3f010000;plain$/);
  assert.equal(keyctl.getSecurity(id).includes(0), false);
});

test('payloads come back whole, whatever their size', () => {
  for (const size of [1, 63, 64, 65, 255, 256, 257, 4_095, 4_096, 4_097, 32_767]) {
    const payload = Buffer.alloc(size, size & 0xff);
    assert.deepEqual(keyctl.read(keyctl.addKey('user', 'sized', payload, session.id)), payload);
  }
  refused(() => keyctl.addKey('user', 'sized', Buffer.alloc(32_768), session.id), 'EINVAL');
  refused(() => keyctl.update(keyctl.search(session.id, 'user', 'sized'), Buffer.alloc(4_097)), 'EINVAL');
  refused(() => keyctl.addKey('user', 'sized', Buffer.alloc(0), session.id), 'EINVAL');
});

test('a wrong guess of the size changes nothing', () => {
  const id = keyctl.addKey('user', 'guessed', Buffer.from('secret'), session.id);
  for (const likelySize of [0, 1, 5, 6, 7, 64, 65, 40_000])
    assert.equal(keyctl.read(id, likelySize).toString(), 'secret');
});

test('a part of a larger buffer is the payload, no more of it', () => {
  const whole = Buffer.from('0123456789');
  assert.equal(keyctl.read(keyctl.addKey('user', 'part', whole.subarray(3, 5), session.id)).toString(), '34');
});

test('what comes back is the caller’s alone: zeroing it leaves no copy in the next answer', () => {
  const id = keyctl.addKey('user', 'owned', Buffer.from('secret'), session.id);
  const [first, second] = [keyctl.read(id), keyctl.read(id)];
  first.fill(0);
  assert.equal(second.toString(), 'secret');
  assert.notEqual(first.buffer, second.buffer);
});

test('keyrings link, move, list and clear', () => {
  const [one, two] = [session.addKeyring('one'), session.addKeyring('two')];
  const key = one.add('user', 'wanderer', Buffer.of(1));
  key.move(one, two);
  assert.deepEqual([one.ids(), two.ids()], [[], [key.id]]);
  one.add('user', 'wanderer', Buffer.of(2));
  refused(() => key.move(two, one, { exclusive: true }), 'EEXIST');
  key.linkTo(one);
  assert.deepEqual(one.ids(), [key.id]);
  key.unlinkFrom(two);
  refused(() => key.unlinkFrom(two), 'ENOENT');
  assert.deepEqual(
    one.list().map(({ type, description }) => [type, description.toString()]),
    [['user', 'wanderer']],
  );
  assert.equal(session.search('user', 'wanderer')?.id, key.id);
  one.clear();
  assert.deepEqual(one.ids(), []);
  assert.equal(session.search('user', 'wanderer'), undefined);
  refused(() => keyctl.clear(keyctl.addKey('user', 'not a keyring', Buffer.of(1), session.id)), 'ENOTDIR');
  refused(() => one.linkTo(one), 'EDEADLK');
});

test('a revoked, an invalidated and an expired key are not there, and a new one takes the name', () => {
  for (const kill of [keyctl.revoke, keyctl.invalidate]) {
    const id = keyctl.addKey('user', 'mortal', Buffer.of(1), session.id);
    kill(id);
    refused(() => keyctl.read(id), 'EKEYREVOKED', 'ENOKEY', 'EACCES');
    assert.equal(session.search('user', 'mortal'), undefined);
    assert.notEqual(keyctl.addKey('user', 'mortal', Buffer.of(2), session.id), id);
  }
});

test('masks bind, and the strictest useful one lets a key be read and invalidated only', () => {
  const key = session.add('user', 'frozen', Buffer.of(7));
  key.setPermissions(0x0b00_0000);
  assert.deepEqual(key.read(), Buffer.of(7));
  refused(() => key.update(Buffer.of(8)), 'EACCES');
  refused(() => key.setTimeout(10), 'EACCES');
  refused(() => key.revoke(), 'EACCES');
  refused(() => key.setPermissions(0x3f01_0000), 'EACCES');
  refused(() => keyctl.link(key.id, session.addKeyring('thief').id), 'EACCES');
  refused(() => session.add('user', 'frozen', Buffer.of(9)), 'EACCES');
  key.invalidate();
  assert.equal(session.search('user', 'frozen'), undefined);
});

test('a key is given to another account by root only', { skip: process.geteuid?.() !== 0 && 'wants root' }, () => {
  const key = session.add('user', 'given', Buffer.of(1));
  key.chown(65_534, -1);
  assert.equal(key.describe().uid, 65_534);
});

test('special keyrings are found, and reading makes none', () => {
  refused(() => keyctl.getKeyringId(specialKeyring.process), 'ENOKEY');
  assert.equal(keyctl.getKeyringId(specialKeyring.session), session.id);
  refused(() => keyctl.getKeyringId(specialKeyring.group), 'EINVAL');
  refused(() => keyctl.getKeyringId(-99), 'ENOKEY', 'EINVAL');
  const persistent = Keyring.persistent(session);
  assert.match(persistent.describe().description.toString(), /^_persistent\./);
  persistent.unlinkFrom(session);
});

test('a restricted keyring takes nothing more, once and for all', () => {
  const ring = session.addKeyring('restricted');
  ring.add('user', 'before', Buffer.of(1));
  ring.restrict();
  refused(() => ring.add('user', 'after', Buffer.of(1)), 'EPERM');
  refused(() => ring.add('user', 'before', Buffer.of(2)), 'EPERM');
  refused(() => ring.restrict(), 'EEXIST');
});

test('the kernel says what it can do', () => {
  const [first = 0] = keyctl.capabilities();
  assert.equal(first & 0x01, 1);
  assert.equal(keyctl.setRequestKeyKeyring(-1), keyctl.setRequestKeyKeyring(-1));
});

test('what only a request-key program may do is refused to others', () => {
  const id = keyctl.addKey('user', 'made', Buffer.of(1), session.id);
  refused(() => keyctl.assumeAuthority(id), 'ENOKEY', 'EACCES');
  refused(() => keyctl.instantiate(id, Buffer.of(1)), 'EPERM');
  refused(() => keyctl.instantiateParts(id, [Buffer.from('a'), Buffer.from('b')]), 'EPERM');
  refused(() => keyctl.negate(id, 1), 'EPERM');
  refused(() => keyctl.reject(id, 1, 129), 'EPERM');
  assert.equal(keyctl.assumeAuthority(0), 0);
});

test('a session with a name can be joined by its name; nobody is joined by a mistake', () => {
  const before = keyctl.getKeyringId(specialKeyring.session);
  refused(() => keyctl.joinSessionKeyring('.reserved'), 'EPERM');
  assert.equal(keyctl.getKeyringId(specialKeyring.session), before);
});

test('a public key of the kernel encrypts and verifies; private ones it says it cannot hold', () => {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-keyring-'));
  try {
    const [cert, key, data, signature] = ['cert.der', 'key.pem', 'data', 'signature'].map((name) =>
      join(directory, name),
    );
    const openssl = (...args: readonly (string | undefined)[]): Buffer =>
      execFileSync('openssl', args as string[], { stdio: 'pipe' });
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-subj',
      '/CN=test',
      '-keyout',
      key,
      '-outform',
      'DER',
      '-out',
      cert,
    );
    const id = keyctl.addKey('asymmetric', 'certificate', readFileSync(cert ?? ''), session.id);
    const ability = keyctl.queryPublicKey(id, 'enc=pkcs1');
    assert.deepEqual([ability.canEncrypt, ability.canVerify, ability.keyBits], [true, true, 2_048]);
    assert.equal(keyctl.encryptTo(id, 'enc=pkcs1', Buffer.from('secret'), 256).length, 256);
    refused(() => keyctl.encryptTo(id, 'enc=pkcs1', Buffer.alloc(246), 256), 'EOVERFLOW', 'EINVAL');
    execFileSync('sh', ['-c', 'printf data > "$1"', 'sh', data ?? '']);
    openssl('dgst', '-sha256', '-sign', key, '-out', signature, data);
    const digest = createHash('sha256').update('data').digest();
    const signed = readFileSync(signature ?? '');
    keyctl.verifyWith(id, 'enc=pkcs1 hash=sha256', digest, signed);
    digest[0] = (digest[0] ?? 0) ^ 1;
    refused(() => keyctl.verifyWith(id, 'enc=pkcs1 hash=sha256', digest, signed), 'EKEYREJECTED', 'EBADMSG');
    refused(() => keyctl.decryptWith(id, 'enc=pkcs1', Buffer.alloc(256), 256), 'EINVAL');
    refused(() => keyctl.signWith(id, 'enc=pkcs1 hash=sha256', digest, 256), 'EINVAL');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('what this kernel was built without is an error with a name', () => {
  const id = keyctl.addKey('user', 'number', Buffer.of(2), session.id);
  const keys = { privateKey: id, prime: id, base: id };
  const derivation = { hash: 'sha256', otherInfo: Buffer.from('info'), sizeBytes: 32 };
  refused(() => keyctl.dhCompute(keys), 'EOPNOTSUPP', 'EINVAL', 'ENOENT');
  refused(() => keyctl.dhCompute(keys, derivation), 'EOPNOTSUPP', 'EINVAL', 'ENOENT');
  refused(() => keyctl.watchKey(id, 0, 1), 'EOPNOTSUPP', 'EINVAL');
  refused(() => keyctl.addKey('no such type', 'x', Buffer.of(1), session.id), 'ENODEV');
  refused(() => keyctl.search(session.id, 'no such type', 'x'), 'ENOKEY');
  refused(() => keyctl.read(keyctl.addKey('logon', 'a:b', Buffer.of(1), session.id)), 'EOPNOTSUPP');
});
