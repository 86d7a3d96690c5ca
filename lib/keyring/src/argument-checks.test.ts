import assert from 'node:assert/strict';
import test from 'node:test';
import { Keyring, KeyringError, keyctl, PasswordStore } from './index.ts';
import { joinOwnSession } from './testing/own-session.ts';

const session = joinOwnSession();
const payload = Buffer.from('secret');

/** Every place where a text goes to the kernel. */
const textPlaces: readonly (readonly [string, (text: string) => unknown])[] = [
  ['the type of add_key', (text) => keyctl.addKey(text, 'a', payload, session.id)],
  ['the description of add_key', (text) => keyctl.addKey('user', text, payload, session.id)],
  ['the type of search', (text) => keyctl.search(session.id, text, 'a')],
  ['the description of search', (text) => keyctl.search(session.id, 'user', text)],
  ['the type of request_key', (text) => keyctl.requestKey(text, 'a')],
  ['the description of request_key', (text) => keyctl.requestKey('user', text)],
  ['the name of a session', (text) => keyctl.joinSessionKeyring(text)],
  ['the restriction of a keyring', (text) => keyctl.restrictKeyring(session.id, 'asymmetric', text)],
];

for (const [place, use] of textPlaces) {
  test(`${place} is never cut at a NUL, and two names never become one`, () => {
    assert.throws(() => use('ab\0cd'), TypeError);
    assert.throws(() => use('\ud800'), TypeError);
    assert.throws(() => use('a\udc00b'), TypeError);
    assert.throws(() => use('x'.repeat(4_096)), RangeError);
    assert.throws(() => use(7 as unknown as string), TypeError);
  });
}

test('the longest names are taken, one byte more is not', () => {
  const longest = `${'é'.repeat(2_047)}x`;
  assert.equal(Buffer.byteLength(longest), 4_095);
  const id = keyctl.addKey('user', longest, payload, session.id);
  assert.equal(keyctl.search(session.id, 'user', longest), id);
  assert.throws(() => keyctl.addKey('user', `${longest}x`, payload, session.id), RangeError);
  assert.throws(() => keyctl.search(session.id, 'x'.repeat(32), 'a'), RangeError);
  assert.throws(() => keyctl.addKey('user', '', payload, session.id), RangeError);
});

test('names may be bytes that are not UTF-8, but hold no NUL', () => {
  const name = Buffer.from([0xff, 0x3b, 0x0a, 0xfe]);
  const id = keyctl.addKey('user', name, payload, session.id);
  assert.equal(keyctl.search(session.id, 'user', name), id);
  assert.deepEqual(new Keyring(session.id).list().find(({ key }) => key.id === id)?.description, name);
  assert.throws(() => keyctl.addKey('user', Buffer.from([1, 0, 2]), payload, session.id), TypeError);
});

test('an id beyond 32 bits never names another key', () => {
  const id = keyctl.addKey('user', 'guarded', payload, session.id);
  for (const wrong of [id + 2 ** 32, 2 ** 31, -(2 ** 31) - 1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const use of [
      keyctl.read,
      keyctl.describe,
      keyctl.revoke,
      keyctl.invalidate,
      keyctl.clear,
      keyctl.getKeyringId,
    ]) {
      assert.throws(() => use(wrong), RangeError);
    }
    assert.throws(() => keyctl.link(id, wrong), RangeError);
    assert.throws(() => keyctl.move(id, session.id, wrong), RangeError);
    assert.throws(() => keyctl.addKey('user', 'x', payload, wrong), RangeError);
    assert.throws(() => keyctl.search(wrong, 'user', 'x'), RangeError);
  }
  assert.throws(() => keyctl.read('1' as unknown as number), RangeError);
  assert.deepEqual(keyctl.read(id), payload);
});

test('numbers that are not in range, masks with unknown bits and payloads that are text are refused', () => {
  const id = keyctl.addKey('user', 'numbers', payload, session.id);
  assert.throws(() => keyctl.setTimeout(id, -1), RangeError);
  assert.throws(() => keyctl.setTimeout(id, 2 ** 32), RangeError);
  assert.throws(() => keyctl.setPermissions(id, 0x4000_0000), RangeError);
  assert.throws(() => keyctl.setPermissions(id, 0x0000_00c0), RangeError);
  assert.throws(() => keyctl.chown(id, -2, 0), RangeError);
  assert.throws(() => keyctl.update(id, 'text' as unknown as Uint8Array), TypeError);
  assert.throws(() => keyctl.addKey('user', 'x', 'text' as unknown as Uint8Array, session.id), TypeError);
  assert.deepEqual(keyctl.read(id), payload);
});

test('the store says what is wrong with a name or a secret, and leaves the old one', () => {
  const store = new PasswordStore();
  store.setPassword('service', 'user', 'old');
  const refused = (code: string, use: () => unknown): void => {
    assert.throws(use, (error) => error instanceof KeyringError && error.code === code);
  };
  for (const wrong of ['a\0b', '\ud800', 'x'.repeat(4_096)]) {
    refused('invalid-name', () => store.setPassword(wrong, 'user', 'x'));
    refused('invalid-name', () => store.setPassword('service', wrong, 'x'));
    refused('invalid-name', () => store.getPassword(wrong, 'user'));
    refused('invalid-name', () => store.deletePassword('service', wrong));
  }
  refused('empty-secret', () => store.setPassword('service', 'user', ''));
  refused('secret-too-long', () => store.setPassword('service', 'user', Buffer.alloc(32_768)));
  assert.throws(() => store.setPassword('service', 7 as unknown as string, 'x'), TypeError);
  assert.throws(() => store.setPassword('service', 'user', '\ud800'), TypeError);
  assert.equal(store.getText('service', 'user'), 'old');
});
