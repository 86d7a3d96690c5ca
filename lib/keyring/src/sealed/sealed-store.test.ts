import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { Keyring, KeyringError, type KeyringErrorCode, keyctl, PasswordStore } from '../index.ts';
import { joinOwnSession } from '../testing/own-session.ts';
import { Peer } from '../testing/peer.ts';
import { fingerprintOf, makeMaterial, publicKeyIn } from './material.ts';
import { SEALED_RING, SealedStore } from './sealed-store.ts';

const CHEAP = { logN: 4, r: 8, p: 1 };
const passPhrase = Buffer.from('pass phrase');
const material = makeMaterial(passPhrase, CHEAP);
const pin = fingerprintOf(publicKeyIn(material));

/** A store in a session of its own, locked. */
const freshStore = (): SealedStore => {
  joinOwnSession();
  const store = new SealedStore({ pin });
  store.initialise(material);
  return store;
};

const ring = (): Keyring => {
  const found = Keyring.special('session').searchKeyring(SEALED_RING);
  assert.ok(found !== undefined);
  return found;
};

const refused = (code: KeyringErrorCode, use: () => unknown): void => {
  assert.throws(use, (error) => error instanceof KeyringError && error.code === code);
};

test('setting works while locked, getting does not, and absent stays absent', () => {
  const store = freshStore();
  assert.equal(store.state(), 'locked');
  store.setPassword('service', 'user', 'secret');
  refused('locked', () => store.getPassword('service', 'user'));
  refused('locked', () => store.findCredentials('service'));
  assert.equal(store.getPassword('service', 'nobody'), undefined);
  assert.deepEqual(store.findAccounts('service'), ['user']);
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  assert.equal(store.state(), 'unlocked');
  assert.equal(store.getPassword('service', 'user')?.toString(), 'secret');
  assert.equal(store.getPassword('service', 'nobody'), undefined);
  assert.equal(store.lock(), true);
  refused('locked', () => store.getPassword('service', 'user'));
  assert.equal(store.lock(), false);
  assert.equal(store.deletePassword('service', 'user'), true);
});

test('a wrong pass phrase changes nothing', () => {
  const store = freshStore();
  refused('wrong-pass-phrase', () => store.unlock(Buffer.from('wrong'), { timeoutSeconds: 0 }));
  assert.equal(store.state(), 'locked');
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  refused('wrong-pass-phrase', () => store.unlock(Buffer.from('wrong'), { timeoutSeconds: 0 }));
  assert.equal(store.state(), 'unlocked');
});

test('one call cuts a second process off at once, whatever it holds', async () => {
  const store = freshStore();
  store.setPassword('service', 'user', 'secret');
  await using peer = await Peer.start(pin);
  assert.equal((await peer.ask('sealed', 'getPassword', 'service', 'user')).code, 'locked');
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  const secret = { hex: Buffer.from('secret').toString('hex') };
  assert.deepEqual((await peer.ask('sealed', 'getPassword', 'service', 'user')).value, secret);

  // It knows the id of the opening key, and tries to keep it.
  const id = (await peer.ask('keyctl', 'search', ring().id, 'user', 'opening key')).value as number;
  assert.ok('hex' in ((await peer.ask('keyctl', 'read', id)).value as object));
  const own = (await peer.ask('keyctl', 'addKey', 'keyring', 'own', null, -1)).value;
  assert.equal((await peer.ask('keyctl', 'link', id, own)).code, 'EACCES');
  assert.equal((await peer.ask('keyctl', 'setTimeout', id, 0)).code, 'EACCES');
  assert.equal((await peer.ask('keyctl', 'setPermissions', id, 0x3f3f_0000)).code, 'EACCES');
  assert.equal((await peer.ask('keyctl', 'move', id, ring().id, own)).code, 'EACCES');
  assert.equal((await peer.ask('keyctl', 'addKey', 'user', 'opening key', { hex: '00' }, ring().id)).code, 'EACCES');

  store.lock();
  assert.equal((await peer.ask('sealed', 'getPassword', 'service', 'user')).code, 'locked');
  assert.match((await peer.ask('keyctl', 'read', id)).code ?? '', /ENOKEY|EACCES|EKEYREVOKED/);
  assert.deepEqual((await peer.ask('sealed', 'setPassword', 'service', 'more', 'added while locked')).code, undefined);

  // And any process may lock.
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  assert.equal(store.getPassword('service', 'more')?.toString(), 'added while locked');
  assert.equal((await peer.ask('sealed', 'lock')).value, true);
  refused('locked', () => store.getPassword('service', 'user'));
});

test('unlocking twice and locking once is locked', () => {
  const store = freshStore();
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  store.unlock(passPhrase, { timeoutSeconds: 100 });
  assert.equal(store.lock(), true);
  assert.equal(store.state(), 'locked');
});

test('the lock falls by itself, though no process of ours is left that could do it', async () => {
  const store = freshStore();
  store.setPassword('service', 'user', 'secret');
  {
    await using peer = await Peer.start(pin);
    const bytes = { hex: passPhrase.toString('hex') };
    assert.deepEqual(await peer.ask('sealed', 'unlock', bytes, { timeoutSeconds: 1 }), {});
    assert.equal(store.getPassword('service', 'user')?.toString(), 'secret');
  }
  const deadline = Date.now() + 10_000;
  while (store.state() === 'unlocked' && Date.now() < deadline);
  refused('locked', () => store.getPassword('service', 'user'));
});

test('a box that is moved to another entry, or made for another key, does not open', () => {
  const store = freshStore();
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  store.setPassword('service', 'one', 'secret of one');
  const box = ring().search('user', 'service:one')?.read() ?? Buffer.alloc(0);
  ring().add('user', 'service:two', box);
  refused('damaged', () => store.getPassword('service', 'two'));
  ring().add('user', 'service:two', Buffer.from('not a box'));
  refused('damaged', () => store.getPassword('service', 'two'));
  assert.equal(store.getPassword('service', 'one')?.toString(), 'secret of one');
});

test('a public key that somebody put there is not sealed to', () => {
  const store = freshStore();
  store.setPassword('service', 'user', 'before');
  const false_ = makeMaterial(Buffer.from('theirs'), CHEAP);
  // Adding over it is refused; displacing it by a link is not.
  assert.throws(() => ring().add('user', 'key material', false_), { code: 'EACCES' });
  keyctl.link(keyctl.addKey('user', 'key material', false_, -1), ring().id);
  refused('public-key-changed', () => store.setPassword('service', 'user', 'after'));
  refused('public-key-changed', () => store.unlock(Buffer.from('theirs'), { timeoutSeconds: 0 }));
  refused('public-key-changed', () => new SealedStore({ pin }).initialise(false_));
  refused('already-initialised', () => store.initialise(material));
});

test('while locked nothing that can be read holds the secret or the private key', () => {
  const store = freshStore();
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  const privateKey = ring().search('user', 'opening key')?.read().subarray(0, 32) ?? Buffer.alloc(0);
  store.setPassword('service', 'user', 'a secret of ours');
  store.lock();
  for (const { key, type } of ring().list()) {
    if (type !== 'user') continue;
    const payload = key.read();
    assert.equal(payload.includes('a secret of ours'), false);
    assert.equal(payload.includes(privateKey), false);
  }
});

test('boxes are never taken for passwords by who knows the plain layout only', () => {
  const store = freshStore();
  store.setPassword('service', 'user', 'secret');
  assert.equal(new PasswordStore().getPassword('service', 'user'), undefined);
});

test('the largest secret is kept, one byte more is refused', () => {
  const store = freshStore();
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  store.setPassword('service', 'user', Buffer.alloc(32_718, 5));
  assert.deepEqual(store.getPassword('service', 'user'), Buffer.alloc(32_718, 5));
  refused('secret-too-long', () => store.setPassword('service', 'user', Buffer.alloc(32_719)));
  refused('empty-secret', () => store.setPassword('service', 'user', ''));
});

const canShiftClocks = spawnSync('unshare', ['--time', '--boottime', '60', 'true']).status === 0;

test('a machine that slept finds it locked', {
  skip: !canShiftClocks && 'wants root and time namespaces',
}, async () => {
  const store = freshStore();
  store.setPassword('service', 'user', 'secret');
  store.unlock(passPhrase, { timeoutSeconds: 0 });
  // To this process the machine has slept for a minute that the monotonic clock does not know of.
  await using peer = await Peer.start(pin, ['unshare', '--time', '--boottime', '60', '--fork']);
  assert.equal((await peer.ask('sealed', 'getPassword', 'service', 'user')).code, 'locked');
  assert.equal(store.state(), 'locked');
});
