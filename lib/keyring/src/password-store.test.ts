import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import {
  type Key,
  type Keyring,
  KeyringError,
  type KeyringErrorCode,
  PasswordStore,
  PLAIN_RING,
  remainingTime,
} from './index.ts';
import { joinOwnSession } from './testing/own-session.ts';
import { Peer } from './testing/peer.ts';

const session = joinOwnSession();

/** A store in a parent of its own. */
const freshStore = (): { store: PasswordStore; parent: Keyring } => {
  const parent = session.addKeyring(`parent ${Math.random()}`);
  return { store: new PasswordStore({ parent: parent.id }), parent };
};

const ringOf = (parent: Keyring): Keyring => {
  const ring = parent.searchKeyring(PLAIN_RING);
  assert.ok(ring !== undefined);
  return ring;
};

const keyOf = (parent: Keyring, description: string): Key => {
  const key = ringOf(parent).search('user', description);
  assert.ok(key !== undefined);
  return key;
};

const refused = (code: KeyringErrorCode, use: () => unknown): void => {
  assert.throws(use, (error) => error instanceof KeyringError && error.code === code);
};

test('secrets are bytes, kept exactly', () => {
  const { store } = freshStore();
  for (const secret of [Buffer.from('a\0b\n'), Buffer.from([0xff, 0xfe]), Buffer.alloc(32_767, 3), Buffer.from('ü')]) {
    store.setPassword('service', 'user', secret);
    assert.deepEqual(store.getPassword('service', 'user'), secret);
  }
  store.setPassword('service', 'user', Buffer.from([0xff]));
  refused('not-text', () => store.getText('service', 'user'));
  store.setPassword('service', 'user', '\ufeffpässwörd');
  assert.equal(store.getText('service', 'user'), '\ufeffpässwörd');
});

test('a secret that becomes longer or shorter by another hand comes back whole', () => {
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'seven b');
  for (const secret of ['a', 'x'.repeat(5_000), 'twelve bytes']) {
    ringOf(parent).add('user', 'service:user', Buffer.from(secret));
    assert.equal(store.getText('service', 'user'), secret);
  }
  const other = new PasswordStore({ parent: parent.id });
  for (const secret of ['b', 'y'.repeat(5_000), 'other bytes!']) {
    other.setPassword('service', 'user', secret);
    assert.equal(store.getText('service', 'user'), secret);
  }
});

test('reading and removing make nothing, and what is absent is undefined', () => {
  const { store, parent } = freshStore();
  assert.equal(store.getPassword('service', 'user'), undefined);
  assert.equal(store.deletePassword('service', 'user'), false);
  assert.deepEqual(store.findCredentials('service'), []);
  assert.deepEqual(parent.ids(), []);
  assert.equal(store.initialise(), true);
  assert.equal(store.initialise(), false);
});

test('the layout is that of the Python backend', () => {
  const { store, parent } = freshStore();
  store.setPassword('ser:vice', 'user', 'secret');
  const ring = ringOf(parent);
  const key = keyOf(parent, 'ser:vice:user');
  assert.deepEqual([ring.describe().mask, key.describe().mask], [0x3f01_0000, 0x3f01_0000]);
  assert.equal(key.use(String), 'secret');
  assert.equal(store.getText('ser', 'vice:user'), 'secret');
  store.setPassword('', '', 'nobody');
  assert.equal(keyOf(parent, ':').use(String), 'nobody');
});

test('an entry of somebody else keeps its permissions and its time', () => {
  const { store, parent } = freshStore();
  store.setPassword('service', 'other', 'x');
  const key = ringOf(parent).add('user', 'service:user', Buffer.from('old'));
  key.setPermissions(0x3f00_0000);
  key.setTimeout(7_000);
  store.setPassword('service', 'user', 'new');
  assert.equal(keyOf(parent, 'service:user').id, key.id);
  assert.equal(key.describe().mask, 0x3f00_0000);
  // The kernel says "1h": that is all that is known, and not a second more is given.
  const left = Number(keyOf(parent, `expires ${key.id}`).use(String)) - Date.now() / 1_000;
  assert.ok(left > 3_590 && left <= 3_600, String(left));
  assert.equal(remainingTime(key.id)?.kind, 'limited');
});

test('a time that was given here is kept to the second, however often the entry is written', () => {
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'first', { timeoutSeconds: 100_000 });
  const { id } = keyOf(parent, 'service:user');
  for (let times = 0; times < 50; times++) store.setPassword('service', 'user', `again ${times}`);
  assert.deepEqual(remainingTime(id), { kind: 'limited', atLeast: 86_400, atMost: 172_799 });
  const record = Number(keyOf(parent, `expires ${id}`).use(String)) - Date.now() / 1_000;
  assert.ok(record > 99_900 && record <= 100_000, String(record));
  assert.deepEqual(store.descriptions(), ['service:user']);
  store.setPassword('service', 'user', 'for ever', { timeoutSeconds: 0 });
  assert.deepEqual(remainingTime(id), { kind: 'for-ever' });
});

test('a time that is set from outside between two writes is kept', async () => {
  await using peer = await Peer.start();
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'one');
  const { id } = keyOf(parent, 'service:user');
  await peer.ask('keyctl', 'setTimeout', id, 30);
  store.setPassword('service', 'user', 'two');
  assert.equal(remainingTime(id)?.kind, 'limited');
});

const canHide = spawnSync('unshare', ['--mount', 'true']).status === 0;

test('where a container hides what the kernel says of times, ours are kept', {
  skip: !canHide && 'wants root',
}, async () => {
  const store = new PasswordStore();
  const hide = 'mount --bind /dev/null /proc/keys && exec "$@"';
  await using peer = await Peer.start('', ['unshare', '--mount', 'sh', '-c', hide, 'sh']);
  await peer.ask('plain', 'setPassword', 'hidden', 'user', 'first', { timeoutSeconds: 5_000 });
  assert.deepEqual(await peer.ask('plain', 'setPassword', 'hidden', 'user', 'second'), {});
  const id = session.search('user', 'hidden:user')?.id ?? 0;
  assert.deepEqual(remainingTime(id), { kind: 'limited', atLeast: 3_600, atMost: 7_199 });
  await peer.ask('plain', 'setPassword', 'hidden', 'user', 'third', { timeoutSeconds: 0 });
  await peer.ask('plain', 'setPassword', 'hidden', 'user', 'fourth');
  assert.deepEqual(remainingTime(id), { kind: 'for-ever' });
  assert.equal(store.getText('hidden', 'user'), 'fourth');
});

test('an entry that expired is not there, and comes back for good when it is set', () => {
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'first');
  const key = keyOf(parent, 'service:user');
  key.setTimeout(1);
  const deadline = Date.now() + 10_000;
  while (store.getPassword('service', 'user') !== undefined && Date.now() < deadline);
  assert.equal(store.deletePassword('service', 'user'), false);
  store.setPassword('service', 'user', 'second');
  assert.equal(store.getText('service', 'user'), 'second');
  assert.deepEqual(remainingTime(keyOf(parent, 'service:user').id), { kind: 'for-ever' });
});

test('a revoked or invalidated entry is not there, and can be set at once', () => {
  for (const kill of ['revoke', 'invalidate'] as const) {
    const { store, parent } = freshStore();
    store.setPassword('service', 'user', 'first');
    keyOf(parent, 'service:user')[kill]();
    assert.equal(store.getPassword('service', 'user'), undefined);
    assert.equal(store.deletePassword('service', 'user'), false);
    store.setPassword('service', 'user', 'second');
    assert.equal(store.getText('service', 'user'), 'second');
  }
});

test('a dead keyring is "nothing there", and the next write makes a new one', () => {
  for (const kill of ['revoke', 'invalidate'] as const) {
    const { store, parent } = freshStore();
    store.setPassword('service', 'user', 'first');
    ringOf(parent)[kill]();
    assert.equal(store.getPassword('service', 'user'), undefined);
    assert.deepEqual(store.descriptions(), []);
    assert.equal(store.deletePassword('service', 'user'), false);
    store.setPassword('service', 'user', 'second');
    assert.equal(store.getText('service', 'user'), 'second');
  }
});

test('a keyring that another process replaces or kills between two calls is noticed', async () => {
  await using peer = await Peer.start();
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'old');
  await peer.ask('keyctl', 'addKey', 'keyring', PLAIN_RING, null, parent.id);
  assert.equal(store.getPassword('service', 'user'), undefined);
  store.setPassword('service', 'user', 'new');
  assert.equal(keyOf(parent, 'service:user').use(String), 'new');
  await peer.ask('keyctl', 'revoke', ringOf(parent).id);
  assert.equal(store.getPassword('service', 'user'), undefined);
});

test('what may not be read is "not permitted", never "not there"', () => {
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'secret');
  keyOf(parent, 'service:user').setPermissions(0x3700_0000);
  refused('not-permitted', () => store.getPassword('service', 'user'));
  refused('not-permitted', () => store.deletePassword('service', 'user'));
  refused('not-permitted', () => store.setPassword('service', 'user', 'x'));
});

test('what may not be written keeps its secret', () => {
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'secret');
  keyOf(parent, 'service:user').setPermissions(0x0b00_0000);
  refused('not-permitted', () => store.setPassword('service', 'user', 'other'));
  assert.equal(store.getText('service', 'user'), 'secret');
});

test('an entry in a nested keyring is found, hidden by a new one, and removed', () => {
  const { store, parent } = freshStore();
  store.initialise();
  ringOf(parent).addKeyring('nested').add('user', 'service:user', Buffer.from('deep'));
  assert.equal(store.getText('service', 'user'), 'deep');
  store.setPassword('service', 'user', 'near');
  assert.equal(store.getText('service', 'user'), 'near');
  store.deletePassword('service', 'user');
  assert.equal(store.getText('service', 'user'), 'deep');
  const other = new PasswordStore({ parent: parent.id });
  assert.equal(other.getText('service', 'user'), 'deep');
  store.setPassword('service', 'user', 'near again');
  assert.equal(other.getText('service', 'user'), 'near again');
});

test('accounts and credentials of a service are listed; what is not an entry is not', () => {
  const { store, parent } = freshStore();
  store.setPassword('service', 'b', '2');
  store.setPassword('service', 'a', '1');
  store.setPassword('services', 'c', '3');
  ringOf(parent).add('user', 'metadata', Buffer.of(1));
  ringOf(parent).add('user', Buffer.from([0xff, 0x3a]), Buffer.of(1));
  ringOf(parent).addKeyring('service:ring');
  assert.deepEqual(store.descriptions(), ['service:a', 'service:b', 'services:c']);
  assert.deepEqual(store.findAccounts('service'), ['a', 'b']);
  assert.deepEqual(
    store.findCredentials('service').map(({ account, password }) => [account, password.toString()]),
    [
      ['a', '1'],
      ['b', '2'],
    ],
  );
});

test('a removed entry is gone for a process that holds a link of its own', async () => {
  await using peer = await Peer.start();
  const { store, parent } = freshStore();
  store.setPassword('service', 'user', 'secret');
  const { id } = keyOf(parent, 'service:user');
  const own = await peer.ask('keyctl', 'addKey', 'keyring', 'own', null, -1);
  await peer.ask('keyctl', 'link', id, own.value);
  assert.deepEqual((await peer.ask('keyctl', 'read', id)).value, { hex: Buffer.from('secret').toString('hex') });
  store.deletePassword('service', 'user');
  assert.match((await peer.ask('keyctl', 'read', id)).code ?? '', /ENOKEY|EACCES|EKEYREVOKED/);
});

test('a full quota is said, and nothing that was there is lost', {
  skip: process.geteuid?.() !== 0 && 'wants root',
}, async () => {
  // 20,000 bytes is all that an ordinary account has.
  const { runAsNobody } = await import('./testing/as-nobody.ts');
  assert.deepEqual(runAsNobody('quota'), { before: 'kept', refused: 'over-quota', after: 'kept' });
});
