// The workflow: the same answer for ever, nothing stored by what fails, and nothing in use lost.

import assert from 'node:assert/strict';
import { randomFillSync } from 'node:crypto';
import test from 'node:test';
import { formats } from '@chatelaine/password-hash';
import { builtInProfiles, defaultOptions } from './create-options.ts';
import { MemoryStore } from './memory-store.ts';
import { Passwords } from './passwords.ts';
import type { PasswordAnswer, PasswordChange, PasswordsSettings } from './passwords-settings.ts';

const begin = 1_800_000_000_000;

const setUp = (settings: Partial<PasswordsSettings> = {}) => {
  const clock = { nowUnixMs: begin };
  const store = new MemoryStore();
  const changes: PasswordChange[] = [];
  const passwords = new Passwords({
    store,
    formats,
    defaults: { options: defaultOptions, profiles: builtInProfiles },
    nowUnixMs: () => clock.nowUnixMs,
    random: (target) => randomFillSync(target),
    manner: 'safe',
    onChange: (change) => changes.push(change),
    ...settings,
  });
  return { passwords, store, clock, changes };
};

const textOf = (answer: PasswordAnswer): string => {
  assert.equal(answer.kind, 'value', JSON.stringify(answer));
  return answer.kind === 'value' ? Buffer.from(answer.value).toString() : '';
};

const codeOf = (answer: PasswordAnswer): string => (answer.kind === 'refused' ? answer.code : answer.kind);

const bytes = (text: string): Uint8Array => Buffer.from(text);

test('what was made once is answered for ever, whatever the options say later', async () => {
  const { passwords } = setUp();
  const first = textOf(await passwords.create('k', 'sha512crypt'));
  assert.equal(textOf(await passwords.create('k', 'sha512crypt', { length: 5, random: false })), first);
  assert.equal(textOf(await passwords.get('k', 'sha512crypt')), first);
  assert.equal(textOf(await passwords.create('k', 'plain')).length, 16);
});

test('every format of a key is of the same password', async () => {
  const { passwords } = setUp();
  const hash = await passwords.create('k', 'mysql');
  const plain = textOf(await passwords.create('k', 'plain'));
  const verdict = await formats.get('mysql')?.verify?.(bytes(plain), bytes(textOf(hash)));
  assert.deepEqual(verdict, { kind: 'match' });
});

test('however many ask at once, one value is made, and each gets a copy of its own', async () => {
  const { passwords, changes } = setUp();
  const answers = await Promise.all(Array.from({ length: 50 }, () => passwords.create('k', 'sha256crypt')));
  assert.equal(new Set(answers.map(textOf)).size, 1);
  const [first, second] = answers;
  if (first?.kind === 'value') first.value.fill(0);
  assert.notEqual(textOf(second ?? { kind: 'none' }), textOf(first ?? { kind: 'none' }));
  assert.deepEqual(changes, [
    { kind: 'set', key: 'k', format: 'plain' },
    { kind: 'set', key: 'k', format: 'sha256crypt' },
  ]);
});

test('two processes that create at once give one answer, and all formats are of one password', async () => {
  const { store } = setUp();
  const twins = Array.from({ length: 4 }, () => setUp({ store }).passwords);
  const names = ['mysql', 'sha1', 'sha512crypt', 'mysql', 'plain', 'sha512crypt', 'plain', 'sha1'];
  const answers = await Promise.all(names.map((name, index) => twins[index % 4]?.create('k', name)));
  const values = new Map<string, Set<string>>();
  names.forEach((name, index) => {
    const set = values.get(name) ?? new Set();
    values.set(name, set.add(textOf(answers[index] ?? { kind: 'none' })));
  });
  for (const [name, found] of values) assert.equal(found.size, 1, name);
  const [plain = ''] = values.get('plain') ?? [];
  for (const name of ['mysql', 'sha1', 'sha512crypt']) {
    const [stored = ''] = values.get(name) ?? [];
    assert.deepEqual(await formats.get(name)?.verify?.(bytes(plain), bytes(stored)), { kind: 'match' }, name);
  }
});

test('a new hash after the plain password was removed is refused, and those in use stay', async () => {
  const { passwords } = setUp();
  const hash = textOf(await passwords.create('k', 'mysql'));
  await passwords.removeFormat('k', 'plain');
  for (const answer of [
    await passwords.create('k', 'sha512crypt'),
    await passwords.create('k', 'plain'),
    await passwords.reset('k', 'sha512crypt'),
  ]) {
    assert.equal(codeOf(answer), 'plain-is-gone');
  }
  assert.equal(textOf(await passwords.get('k', 'mysql')), hash);
});

test('in the manner of Trocla it replaces what is in use', async () => {
  const { passwords } = setUp({ manner: 'trocla' });
  await passwords.create('k', 'mysql');
  await passwords.removeFormat('k', 'plain');
  textOf(await passwords.create('k', 'sha512crypt'));
  assert.equal(codeOf(await passwords.get('k', 'mysql')), 'none');
});

test('key material that is not made from a password may join a key whose plain password is gone', async () => {
  const { passwords } = setUp();
  const hash = textOf(await passwords.create('k', 'mysql'));
  await passwords.removeFormat('k', 'plain');
  textOf(await passwords.create('k', 'wireguard'));
  assert.deepEqual((await passwords.view('k'))?.formats, ['mysql', 'wireguard']);
  assert.equal(textOf(await passwords.get('k', 'mysql')), hash);
});

test('a call that fails stores nothing; in the manner of Trocla it leaves a password behind', async () => {
  const options = { encode: 'md5' };
  const { passwords } = setUp();
  assert.equal(codeOf(await passwords.create('k', 'pgsql', options)), 'missing-option');
  assert.equal(await passwords.view('k'), undefined);
  const faithful = setUp({ manner: 'trocla' }).passwords;
  assert.equal(codeOf(await faithful.create('k', 'pgsql', options)), 'missing-option');
  assert.deepEqual((await faithful.view('k'))?.formats, ['plain']);
});

test('a failed reset leaves what was', async () => {
  const { passwords } = setUp();
  const hash = textOf(await passwords.create('k', 'bcrypt', { cost: 4 }));
  assert.equal(codeOf(await passwords.reset('k', 'bcrypt', { cost: 99 })), 'invalid-option');
  assert.equal(textOf(await passwords.get('k', 'bcrypt')), hash);
});

test('reset of a hash derives it anew from the same password; reset of plain begins anew', async () => {
  const { passwords } = setUp();
  const hash = textOf(await passwords.create('k', 'sha512crypt'));
  const plain = textOf(await passwords.get('k', 'plain'));
  const fresh = textOf(await passwords.reset('k', 'sha512crypt'));
  assert.notEqual(fresh, hash);
  assert.equal(textOf(await passwords.get('k', 'plain')), plain);
  assert.notEqual(textOf(await passwords.reset('k', 'plain')), plain);
  assert.deepEqual((await passwords.view('k'))?.formats, ['plain']);
});

test('without leave to make one, a missing password is an error', async () => {
  const { passwords } = setUp();
  assert.equal(codeOf(await passwords.create('k', 'mysql', { random: false })), 'no-plain');
  assert.equal(await passwords.view('k'), undefined);
});

test('an empty password is neither made nor stored', async () => {
  const { passwords } = setUp();
  assert.equal(codeOf(await passwords.create('k', 'plain', { length: 0 })), 'empty-password');
  assert.equal(codeOf(await passwords.create('k', 'mysql', { length: 'abc' })), 'empty-password');
  assert.equal(codeOf(await passwords.set('k', 'plain', new Uint8Array(0))), 'empty-password');
  assert.equal(await passwords.view('k'), undefined);
  const faithful = setUp({ manner: 'trocla' }).passwords;
  assert.equal(textOf(await faithful.create('k', 'plain', { length: 0 })), '');
});

test('profiles: the first of a list wins, the call itself over all of them, an unknown one is refused at once', async () => {
  const { passwords } = setUp();
  const length = async (options: object, key: string) =>
    textOf(await passwords.create(key, 'plain', { ...options })).length;
  assert.equal(await length({ profiles: 'rootpw' }, 'a'), 32);
  assert.equal(await length({ profiles: ['login', 'rootpw'] }, 'b'), 16);
  assert.equal(await length({ profiles: 'rootpw', length: '9' }, 'c'), 9);
  assert.equal(codeOf(await passwords.create('a', 'plain', { profiles: ['login', 'nope'] })), 'unknown-profile');
});

test('a password set by hand drops the other formats, and is hashed only if it is asked for', async () => {
  const { passwords } = setUp();
  await passwords.create('k', 'mysql');
  textOf(await passwords.set('k', 'plain', bytes('secret')));
  assert.deepEqual((await passwords.view('k'))?.formats, ['plain']);
  assert.equal(textOf(await passwords.create('k', 'mysql')), '*14E65567ABDB5135D0CFD9A70B3032C179A49EE7');
  textOf(await passwords.set('h', 'mysql', bytes('verbatim'), { asIs: true }));
  assert.equal(textOf(await passwords.get('h', 'mysql')), 'verbatim');
});

test('key material that cannot be read is refused, not replaced by a new pair', async () => {
  const { passwords } = setUp();
  assert.equal(codeOf(await passwords.set('k', 'wireguard', bytes('no key'))), 'not-this-format');
  assert.equal(await passwords.view('k'), undefined);
});

test('a key expires as a whole; every write begins its time anew, reading does not', async () => {
  const { passwords, clock } = setUp();
  await passwords.create('k', 'plain', { expires: 100 });
  clock.nowUnixMs += 60_000;
  await passwords.create('k', 'mysql');
  clock.nowUnixMs += 60_000;
  textOf(await passwords.get('k', 'plain'));
  clock.nowUnixMs += 40_000;
  textOf(await passwords.get('k', 'mysql'));
  clock.nowUnixMs += 1;
  assert.equal(codeOf(await passwords.get('k', 'mysql')), 'none');
  assert.deepEqual(await passwords.search(() => true), []);
});

test('after it has expired a new password is made, although a format is asked for that never was', async () => {
  const { passwords, clock } = setUp();
  const plain = textOf(await passwords.create('k', 'plain', { expires: 1 }));
  clock.nowUnixMs += 1_001;
  textOf(await passwords.create('k', 'mysql'));
  assert.notEqual(textOf(await passwords.get('k', 'plain')), plain);
});

test('removing gives back what was there; removing the last format removes the key', async () => {
  const { passwords, changes } = setUp();
  const plain = textOf(await passwords.create('k', 'plain'));
  assert.equal(textOf(await passwords.removeFormat('k', 'plain')), plain);
  assert.equal(await passwords.view('k'), undefined);
  assert.equal(codeOf(await passwords.removeFormat('k', 'plain')), 'none');
  textOf(await passwords.set('k', 'plain', bytes('a')));
  textOf(await passwords.create('k', 'sha1'));
  const { values } = await passwords.removeKey('k');
  assert.deepEqual([...values.keys()], ['plain', 'sha1']);
  assert.equal((await passwords.removeKey('k')).values.size, 0);
  assert.ok(changes.some(({ kind, format }) => kind === 'delete' && format === undefined));
});

test('what is announced names what was changed, and holds no value', async () => {
  const { passwords, changes } = setUp();
  textOf(await passwords.set('k', 'plain', bytes('top-secret')));
  assert.deepEqual(changes, [{ kind: 'set', key: 'k', format: 'plain' }]);
});

test('a certificate signed by an authority of the store puts its serial on record', async () => {
  const { passwords } = setUp();
  const small = { keysize: 1_024 };
  textOf(await passwords.create('ca', 'x509', { CN: 'My CA', become_ca: true, ...small }));
  textOf(await passwords.create('host', 'x509', { CN: 'www.test', ca: 'ca', ...small }));
  textOf(await passwords.create('host2', 'x509', { CN: 'www2.test', ca: 'ca', ...small }));
  assert.match(textOf(await passwords.get('ca_all_serials', 'plain')), /^---\n- \d+\n- \d+\n$/);
  assert.equal(codeOf(await passwords.create('h3', 'x509', { CN: 'x', ca: 'nobody', ...small })), 'no-authority');
  assert.equal(await passwords.view('h3'), undefined);
});
