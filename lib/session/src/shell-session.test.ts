// What a session promises, with a world that the test makes up. The whole table of shells, users and machines, with real ones,
// is in test/session.

import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import test from 'node:test';
import { openSession } from './open-session.ts';
import type { SessionRefusalCode } from './refusal.ts';
import type { SessionOptions } from './session-options.ts';
import type { ShellSession } from './shell-session.ts';
import { DEFAULT_IDLE_MS, DEFAULT_LIFETIME_MS, type StartOptions, startSession } from './start-session.ts';
import { endAllSessions, sweepSessions } from './sweep-sessions.ts';
import { ScratchRuntime, shell, surroundings, TestClock } from './testing/scratch-runtime.ts';

const DAY_MS = 86_400_000;

const begin = (options: StartOptions): { readonly token: string; readonly session: ShellSession } => {
  const started = startSession(options);
  assert.ok(started.kind === 'started', JSON.stringify(started));
  return started;
};

const open = (token: string, options: SessionOptions): ShellSession => {
  const opened = openSession(token, options);
  assert.ok(opened.kind === 'opened', JSON.stringify(opened));
  return opened.session;
};

const assertRefused = (answer: object, code: SessionRefusalCode, about = ''): void => {
  assert.ok('kind' in answer && answer.kind === 'refused' && 'code' in answer, `it was not refused ${about}`);
  assert.equal(answer.code, code, about);
};

const keyOf = (session: ShellSession, vault?: string): string => {
  const answer = session.key(vault);
  assert.ok(answer.kind === 'key', JSON.stringify(answer));
  using key = answer.key;
  return key.bytes.toString();
};

test('what is logged in to in one command is open in the next', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session: first } = begin(options);
  assert.deepEqual(first.login('backup', Buffer.from('the key')), { kind: 'done' });
  first[Symbol.dispose]();
  using second = open(token, options);
  assert.equal(keyOf(second), 'the key');
  second.login('mail', Buffer.from('another'));
  assert.equal(keyOf(second), 'another');
  second.use('backup');
  using third = open(token, options);
  assert.equal(keyOf(third), 'the key');
  assert.equal(keyOf(third, 'mail'), 'another');
  assert.deepEqual(
    third.vaults().map(({ name, isCurrent }) => [name, isCurrent]),
    [
      ['backup', true],
      ['mail', false],
    ],
  );
});

test('the token of one place opens in no other, and the answer says which', () => {
  using runtime = new ScratchRuntime();
  const { token, session } = begin({ ...runtime.options, surroundings: surroundings() });
  using _ = session;
  const other = { ...shell, pid: 99 };
  const places = [
    ['another-boot', { bootId: 'a'.repeat(36) }],
    ['another-machine', { machineId: 'f'.repeat(32) }],
    ['another-container', { pidNamespace: '7' }],
    ['another-shell', { shell: other, leaders: [other] }],
    ['another-shell', { shell: undefined, leaders: [] }],
    ['shell-ended', { leaders: [{ ...shell, startTicks: 9n }], isAlive: () => false }],
  ] as const;
  for (const [code, changed] of places) {
    assertRefused(openSession(token, { ...runtime.options, surroundings: surroundings(changed) }), code);
  }
});

test('a process in a session of its own below the shell uses the session of the shell', () => {
  using runtime = new ScratchRuntime();
  const { token, session } = begin({ ...runtime.options, surroundings: surroundings() });
  using _ = session;
  const nearer = { ...shell, pid: 5_000 };
  using below = open(token, {
    ...runtime.options,
    surroundings: surroundings({ shell: nearer, leaders: [nearer, shell] }),
  });
  assert.equal(below.id, session.id);
});

test('a text that is no token is told from a session that is not there', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session } = begin(options);
  using _ = session;
  assertRefused(openSession('secret', options), 'malformed-token');
  rmSync(runtime.in(session.id), { recursive: true });
  assertRefused(openSession(token, options), 'unknown-session');
});

test('logout is real: neither the token nor a session that is still open gives anything', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session } = begin(options);
  session.login('backup', Buffer.from('the key'));
  using elsewhere = open(token, options);
  session.end();
  session[Symbol.dispose]();
  assertRefused(openSession(token, options), 'unknown-session');
  assertRefused(elsewhere.key('backup'), 'logged-out');
  assertRefused(elsewhere.login('backup', Buffer.from('again')), 'logged-out');
  assert.deepEqual(readdirSync(runtime.in()), []);
});

test('logging out of one vault leaves the others, and lock leaves the session', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { session } = begin(options);
  using _ = session;
  for (const name of ['one', 'two', 'three']) session.login(name, Buffer.from(name));
  session.logout('three');
  assertRefused(session.key(), 'not-logged-in');
  assertRefused(session.key('three'), 'not-logged-in');
  assertRefused(session.logout('three'), 'not-logged-in');
  assertRefused(session.use('three'), 'not-logged-in');
  assert.equal(keyOf(session, 'one'), 'one');
  session.lock();
  assert.deepEqual(session.vaults(), []);
  assertRefused(session.key('one'), 'not-logged-in');
  session.login('four', Buffer.from('four'));
  assert.equal(keyOf(session), 'four');
});

test('any bit that is changed in any file is a refusal, never a wrong key', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session } = begin(options);
  session.login('backup', Buffer.from('the key'));
  const files = readdirSync(runtime.in(session.id));
  assert.equal(files.length, 4);
  const answer = (): string => {
    const opened = openSession(token, options);
    if (opened.kind === 'refused') return opened.code;
    using again = opened.session;
    const current = again.key();
    const named = again.key('backup');
    return [current, named]
      .map((given) => (given.kind === 'refused' ? given.code : given.key.bytes.toString()))
      .join(' ');
  };
  assert.equal(answer(), 'the key the key');
  for (const file of files) {
    const path = runtime.in(session.id, file);
    const bytes = readFileSync(path);
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      writeFileSync(path, changed);
      const given = answer();
      assert.notEqual(given, 'the key the key', `${file} bit ${bit}`);
      // `current` only says which: without it the key is still given by its name.
      assert.ok(!given.startsWith('the key'), `${file} bit ${bit}: ${given}`);
    }
    for (const cut of [0, 1, bytes.length - 1]) {
      writeFileSync(path, bytes.subarray(0, cut));
      assert.ok(!answer().startsWith('the key'), `${file} cut at ${cut}`);
    }
    writeFileSync(path, bytes);
  }
  session[Symbol.dispose]();
});

test('a sealed key that is put in the place of another is a refusal', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { session } = begin(options);
  using _ = session;
  session.login('one', Buffer.from('1'));
  session.login('two', Buffer.from('2'));
  const [a = '', b = ''] = readdirSync(runtime.in(session.id)).filter((name) => name.startsWith('v-'));
  renameSync(runtime.in(session.id, a), runtime.in(session.id, b));
  const codes = ['one', 'two'].map((name) => {
    const answer = session.key(name);
    return answer.kind === 'refused' ? answer.code : 'key';
  });
  assert.deepEqual(codes.toSorted(), ['damaged', 'not-logged-in']);
});

test('what is kept elsewhere opens in this session, unchanged and under its own label only, and not after the end', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session: first } = begin(options);
  const made = first.seal('mail', Buffer.from('the key of mail'));
  assert.ok(made.kind === 'sealed');
  const { label, sealed } = made;
  assert.equal(label, first.labelOf('mail'));
  assert.ok(!sealed.includes('mail') && !label.includes('mail'), 'it tells nothing of names and keys');
  assertRefused(first.key('mail'), 'not-logged-in', 'it is not in the directory');
  first[Symbol.dispose]();
  using session = open(token, options);
  const opened = session.unseal(label, sealed);
  assert.ok(opened.kind === 'key');
  using key = opened.key;
  assert.deepEqual([opened.vault, key.bytes.toString()], ['mail', 'the key of mail']);
  for (let at = 0; at < sealed.length; at++) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    assertRefused(session.unseal(label, changed), 'damaged', `byte ${at}`);
  }
  assertRefused(session.unseal(session.labelOf('another'), sealed), 'damaged', 'another label');
  assertRefused(session.unseal(label, sealed.subarray(0, 20)), 'damaged', 'cut off');
  session.login('mail', Buffer.from('the key of mail'));
  const [file = ''] = readdirSync(runtime.in(session.id)).filter((name) => name.startsWith('v-'));
  const kept = readFileSync(`${runtime.in(session.id)}/${file}`);
  assertRefused(session.unseal(label, kept), 'damaged', 'what lies in the directory is not taken for it');
  assertRefused(session.unseal(file, kept), 'damaged');
  using other = begin(options).session;
  assertRefused(other.unseal(label, sealed), 'damaged', 'another session of the same shell');
  assertRefused(session.seal('', Buffer.from('x')), 'invalid-name');
  assertRefused(session.seal('mail', new Uint8Array()), 'invalid-key');
  session.end();
  assertRefused(session.unseal(label, sealed), 'logged-out');
  assertRefused(session.seal('mail', Buffer.from('x')), 'logged-out');
});

test('the token alone, and the files alone, say nothing of keys and names', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session } = begin(options);
  using _ = session;
  const key = Buffer.from('an unmistakable key');
  session.login('an-unmistakable-name', key);
  for (const file of readdirSync(runtime.in(session.id))) {
    const bytes = readFileSync(runtime.in(session.id, file));
    for (const secret of [
      'an unmistakable key',
      'an-unmistakable-name',
      key.toString('hex'),
      key.toString('base64'),
      token,
    ]) {
      assert.equal(bytes.includes(secret), false);
      assert.equal(file.includes(secret), false);
    }
  }
});

test('a session ends when it is not used, and in any case in the end', () => {
  using runtime = new ScratchRuntime();
  const clock = new TestClock();
  const options = { ...runtime.options, surroundings: surroundings(), clock };
  const { token, session } = begin(options);
  session[Symbol.dispose]();
  for (let day = 0; day < 6; day++) {
    clock.pass(DAY_MS);
    open(token, options)[Symbol.dispose]();
  }
  clock.pass(DAY_MS + 1);
  assertRefused(openSession(token, options), 'expired', 'after seven days');
  assertRefused(openSession(token, options), 'unknown-session', 'it is removed');

  const second = begin(options);
  second.session[Symbol.dispose]();
  clock.pass(DEFAULT_IDLE_MS + 1);
  assertRefused(openSession(second.token, options), 'expired', 'unused');
});

test('setting the clock back gives no time, and setting it a day on takes none away', () => {
  using runtime = new ScratchRuntime();
  const clock = new TestClock();
  const options = { ...runtime.options, surroundings: surroundings(), clock };
  const { token, session } = begin(options);
  session[Symbol.dispose]();
  clock.setWall(DAY_MS);
  open(token, options)[Symbol.dispose]();
  clock.setWall(-400 * DAY_MS);
  open(token, options)[Symbol.dispose]();
  clock.pass(DEFAULT_IDLE_MS + 1);
  assertRefused(openSession(token, options), 'expired');
});

test('a virtual machine put back or cloned has the same signals: the wall clock ends its sessions', () => {
  using runtime = new ScratchRuntime();
  const clock = new TestClock();
  const options = { ...runtime.options, surroundings: surroundings(), clock };
  const { token, session } = begin(options);
  session[Symbol.dispose]();
  clock.setWall(DEFAULT_LIFETIME_MS + 1);
  assertRefused(openSession(token, options), 'expired');
});

test('a session that is open for long ends while it is open', () => {
  using runtime = new ScratchRuntime();
  const clock = new TestClock();
  const { session } = begin({ ...runtime.options, surroundings: surroundings(), clock, idleMs: 1_000 });
  using _ = session;
  session.login('backup', Buffer.from('the key'));
  clock.pass(1_001);
  assertRefused(session.key('backup'), 'expired');
});

test('a directory that others can use, and a link in its place, are refused', () => {
  for (const spoil of [
    (path: string) => chmodSync(path, 0o770),
    (path: string) => {
      renameSync(path, `${path}-away`);
      symlinkSync(`${path}-away`, path);
    },
    (path: string) => {
      rmSync(path, { recursive: true });
      writeFileSync(path, '');
    },
  ]) {
    using runtime = new ScratchRuntime();
    const options = { ...runtime.options, surroundings: surroundings() };
    mkdirSync(runtime.in(), { recursive: true, mode: 0o700 });
    spoil(runtime.in());
    assertRefused(startSession(options), 'unsafe-place');
  }
});

test('a link in the place of a file is not followed', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session } = begin(options);
  session[Symbol.dispose]();
  renameSync(runtime.in(session.id, 'session'), runtime.in('elsewhere'));
  symlinkSync(runtime.in('elsewhere'), runtime.in(session.id, 'session'));
  assertRefused(openSession(token, options), 'unsafe-place');
});

test('names and keys that cannot be kept are refused', () => {
  using runtime = new ScratchRuntime();
  const { session } = begin({ ...runtime.options, surroundings: surroundings() });
  using _ = session;
  const key = Buffer.from('k');
  for (const name of ['', 'a\nb', 'a\0b', '\ud800', 'x'.repeat(256), 'ä'.repeat(128)]) {
    assertRefused(session.login(name, key), 'invalid-name');
  }
  for (const size of [0, 65_537]) assertRefused(session.login('v', Buffer.alloc(size)), 'invalid-key');
  for (const name of ['x'.repeat(255), '../../etc/passwd', 'current', 'ключ', ' ']) {
    assert.deepEqual(session.login(name, key), { kind: 'done' });
    assert.equal(keyOf(session, name), 'k');
  }
  session.login('large', Buffer.alloc(65_536, 7));
  assert.equal(keyOf(session).length, 65_536);
});

test('without a shell of one’s own there is no session', () => {
  using runtime = new ScratchRuntime();
  assertRefused(
    startSession({ ...runtime.options, surroundings: surroundings({ shell: undefined, leaders: [] }) }),
    'no-shell',
  );
  assert.throws(() => startSession({ ...runtime.options, surroundings: surroundings(), idleMs: 0 }), RangeError);
});

test('sessions that are over are removed, and others are not', () => {
  using runtime = new ScratchRuntime();
  const old = { ...shell, pid: 1_000 };
  const make = (changed: Parameters<typeof surroundings>[0]): string => {
    const { session } = begin({ ...runtime.options, surroundings: surroundings(changed) });
    session[Symbol.dispose]();
    return session.id;
  };
  make({ bootId: 'b'.repeat(36) });
  const container = make({ pidNamespace: '7' });
  const living = make({});
  const elsewhere = make({ machineId: 'e'.repeat(32), bootId: 'c'.repeat(36) });
  make({ shell: old, leaders: [old] });
  const here = surroundings({ isAlive: ({ pid }) => pid === shell.pid });
  sweepSessions({ ...runtime.options, surroundings: here });
  assert.deepEqual(readdirSync(runtime.in()).toSorted(), [container, living, elsewhere].toSorted());
  assert.equal(endAllSessions({ ...runtime.options, surroundings: here }), 3);
  assert.deepEqual(readdirSync(runtime.in()), []);
});

test('whatever else was put into a session’s directory does not keep it from being removed', () => {
  using runtime = new ScratchRuntime();
  const options = { ...runtime.options, surroundings: surroundings() };
  const { token, session } = begin(options);
  session[Symbol.dispose]();
  mkdirSync(runtime.in(session.id, 'directory', 'below'), { recursive: true });
  symlinkSync('/etc/passwd', runtime.in(session.id, 'link'));
  execFileSync('mkfifo', [runtime.in(session.id, 'pipe')]);
  mkdirSync(runtime.in('a'.repeat(24)), { mode: 0o755 });
  assert.equal(endAllSessions(options), 1);
  assertRefused(openSession(token, options), 'unknown-session');
  assert.deepEqual(readdirSync(runtime.in()), ['a'.repeat(24)]);
});
