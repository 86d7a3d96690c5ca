// What a process without a session keyring may do. A session that is named like the one that stands in for none is taken for it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Worker } from 'node:worker_threads';
import {
  findSession,
  Keyring,
  KeyringError,
  type KeyringErrorCode,
  keyctl,
  PasswordStore,
  PLAIN_RING,
} from './index.ts';
import { SealedStore } from './sealed.ts';

const refused = (code: KeyringErrorCode, use: () => unknown): void => {
  assert.throws(use, (error) => error instanceof KeyringError && error.code === code);
};

test('without a session keyring nothing is stored that would be lost, and it is said', () => {
  const standIn = keyctl.joinSessionKeyring(`_uid_ses.${process.pid}`);
  assert.deepEqual(findSession(), { kind: 'none' });
  const store = new PasswordStore();
  refused('no-session', () => store.setPassword('service', 'user', 'secret'));
  refused('no-session', () => store.initialise());
  assert.equal(store.getPassword('service', 'user'), undefined);
  assert.deepEqual(new Keyring(standIn).ids(), []);
});

test('what lies there already is read and written', () => {
  const standIn = new Keyring(keyctl.joinSessionKeyring(`_uid_ses.there.${process.pid}`));
  const ring = standIn.addKeyring(PLAIN_RING);
  ring.add('user', 'service:user', Buffer.from('found'));
  const store = new PasswordStore();
  assert.equal(store.getText('service', 'user'), 'found');
  store.setPassword('service', 'user', 'replaced');
  assert.equal(ring.search('user', 'service:user')?.use(String), 'replaced');
});

test('a chosen parent takes it: that of the uid, the persistent one', () => {
  keyctl.joinSessionKeyring(`_uid_ses.chosen.${process.pid}`);
  const name = `chatelaine-test-${process.pid}`;
  for (const parent of ['user', 'persistent'] as const) {
    const store = new PasswordStore({ parent, name });
    store.setPassword('service', 'user', parent);
    assert.equal(new PasswordStore({ parent, name }).getText('service', 'user'), parent);
    const top = parent === 'user' ? Keyring.special('user') : Keyring.persistent(Keyring.special('thread'));
    top.searchKeyring(name)?.invalidate();
  }
});

test('a session that a logout has revoked is a refusal of its own', () => {
  const session = new Keyring(keyctl.joinSessionKeyring());
  const store = new PasswordStore();
  store.setPassword('service', 'user', 'secret');
  session.revoke();
  assert.deepEqual(findSession(), { kind: 'revoked' });
  refused('session-revoked', () => store.getPassword('service', 'user'));
  refused('session-revoked', () => store.setPassword('service', 'user', 'x'));
  keyctl.joinSessionKeyring();
  store.setPassword('service', 'user', 'again');
  assert.equal(store.getText('service', 'user'), 'again');
});

const inWorker = (code: string): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const index = new URL('./index.ts', import.meta.url).href;
    const program = `const { parentPort } = require('node:worker_threads');
      import('${index}').then(({ PasswordStore, keyctl }) => { ${code} })
        .catch((error) => parentPort.postMessage(error.code));`;
    const worker = new Worker(program, { eval: true });
    worker.once('message', resolve).once('error', reject);
  });

test('threads of a process with a session share what is stored', async () => {
  keyctl.joinSessionKeyring();
  new PasswordStore().setPassword('service', 'main', 'from main');
  const seen = await inWorker(`
    new PasswordStore().setPassword('service', 'worker', 'from worker');
    parentPort.postMessage(new PasswordStore().getText('service', 'main'));`);
  assert.equal(seen, 'from main');
  assert.equal(new PasswordStore().getText('service', 'worker'), 'from worker');
});

test('a thread without a session is refused too, and its own is not made', async () => {
  keyctl.joinSessionKeyring(`_uid_ses.thread.${process.pid}`);
  assert.equal(await inWorker(`new PasswordStore().setPassword('service', 'user', 'lost');`), 'no-session');
});

test('the store with a lock refuses in the same way', () => {
  keyctl.joinSessionKeyring(`_uid_ses.sealed.${process.pid}`);
  const store = new SealedStore({ pin: '0'.repeat(64) });
  refused('not-initialised', () => store.setPassword('service', 'user', 'x'));
  assert.equal(store.state(), 'absent');
});
