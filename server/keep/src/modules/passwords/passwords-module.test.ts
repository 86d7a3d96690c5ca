import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, type Client, passwords, type Result } from '@chatelaine/contract';
import { formats } from '@chatelaine/password-hash';
import { clientOf, type StartedKeep, startKeep } from '../../testing/start-keep.ts';

const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString();

const openKeep = async (): Promise<StartedKeep> => {
  const started = await startKeep();
  await started.unseal();
  return started;
};

const must = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(`${result.code} ${result.field ?? ''} ${result.message ?? ''}`);
  return result.value;
};

const codeOf = (result: Result<unknown>): string => (result.kind === 'refused' ? result.code : 'ok');

const create = async (client: Client, key: string, format: string, options: Record<string, unknown> = {}) =>
  text(must(await client.call(passwords.create, { key, format, options })).value);

const get = async (client: Client, key: string, format: string) =>
  text(must(await client.call(passwords.get, { key, format })).value);

const isOf = async (plain: string, format: string, stored: string): Promise<boolean> =>
  (await formats.get(format)?.verify?.(Buffer.from(plain), Buffer.from(stored)))?.kind === 'match';

test('what is made once is the same for ever, in every format, after a restart too', async () => {
  await using started = await openKeep();
  const hash = await create(started.admin, 'mail/postmaster', 'sha512crypt');
  const plain = await get(started.admin, 'mail/postmaster', 'plain');
  assert.match(plain, /^.{16}$/);
  assert.ok(await isOf(plain, 'sha512crypt', hash));
  assert.equal(await create(started.admin, 'mail/postmaster', 'sha512crypt'), hash);
  const mysql = await create(started.admin, 'mail/postmaster', 'mysql');
  assert.ok(await isOf(plain, 'mysql', mysql));
  await using again = await started.restart(0);
  await again.unseal();
  assert.equal(await get(again.admin, 'mail/postmaster', 'sha512crypt'), hash);
  assert.equal(await get(again.admin, 'mail/postmaster', 'mysql'), mysql);
});

test('however many ask at once, it is made once', async () => {
  await using started = await openKeep();
  const asked = Array.from({ length: 40 }, (_, at) =>
    started.admin.call(passwords.create, {
      key: 'db',
      format: ['bcrypt', 'sha512crypt', 'plain', 'pgsql'][at % 4] ?? '',
      options: { cost: 4 },
    }),
  );
  const answers = (await Promise.all(asked)).map(must);
  assert.equal(answers.filter(({ isNew }) => isNew).length, 3, 'the first one makes the password, too');
  assert.equal(new Set(answers.map(({ value }) => text(value))).size, 4);
});

test('get makes nothing', async () => {
  await using started = await openKeep();
  assert.equal(codeOf(await started.admin.call(passwords.get, { key: 'db', format: 'plain' })), 'not-found');
  assert.equal(codeOf(await started.admin.call(passwords.show, { key: 'db' })), 'not-found');
});

test('options and profiles: of the caller, of the settings, built in; what is wrong is named and nothing is stored', async () => {
  await using started = await openKeep();
  assert.match(await create(started.admin, 'pin', 'plain', { length: 4, charset: 'numeric' }), /^\d{4}$/);
  assert.match(await create(started.admin, 'root', 'plain', { profiles: 'rootpw' }), /^[A-Za-z0-9+.\-,_]{32}$/);
  const profiles = { short: { length: 5, charset: 'hexadecimal' } };
  await started.admin.call(passwords.configure, { options: { length: 20 }, profiles, graceSeconds: 60 });
  assert.match(await create(started.admin, 'long', 'plain'), /^.{20}$/);
  assert.match(await create(started.admin, 'short', 'plain', { profiles: ['short'] }), /^[0-9a-f]{5}$/);
  const table = [
    [{ key: 'x', format: 'md6', options: {} }, 'format'],
    [{ key: 'x', format: 'plain', options: { profiles: 'nobody' } }, 'options.profiles'],
    [{ key: 'x', format: 'plain', options: { charset: 'klingon' } }, 'options.charset'],
    [{ key: 'x', format: 'bcrypt', options: { cost: 99 } }, 'options.cost'],
    [{ key: 'x', format: 'plain', options: { expires: 'soon' } }, 'options.expires'],
    [{ key: 'x', format: 'x509', options: { CN: 'a', ca: 'none' } }, 'options.ca'],
    [{ key: 'x'.repeat(1_025), format: 'plain', options: {} }, 'key'],
    [{ key: 'x\ny', format: 'plain', options: {} }, 'key'],
    [{ key: '', format: 'plain', options: {} }, 'key'],
  ] as const;
  for (const [input, field] of table) {
    const answer = await started.admin.call(passwords.create, input);
    assert.equal(answer.kind === 'refused' && `${answer.code} ${answer.field}`, `invalid-input ${field}`);
  }
  assert.equal(codeOf(await started.admin.call(passwords.show, { key: 'x' })), 'not-found');
});

test('keys of any text are kept apart', async () => {
  await using started = await openKeep();
  const keys = ['a', 'a/', '/a', 'a//b', 'a/~/b', '~', '/', 'a::b', 'Tütü π', ' a '];
  const made = new Map<string, string>();
  for (const key of keys) made.set(key, await create(started.admin, key, 'plain'));
  assert.equal(new Set(made.values()).size, keys.length);
  for (const [key, value] of made) assert.equal(await get(started.admin, key, 'plain'), value, key);
  const listed = must(await started.admin.call(passwords.list, { glob: '**', limit: 100 }));
  assert.deepEqual(listed.keys.map(({ key }) => key).toSorted(), keys.toSorted());
});

test('lists by globs, a page at a time', async () => {
  await using started = await openKeep();
  for (const key of ['mail/a', 'mail/b', 'mail/x/c', 'postgres_web', 'postgres_db']) {
    await create(started.admin, key, 'plain');
  }
  const list = async (glob: string, limit = 100): Promise<readonly string[]> => {
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = must(
        await started.admin.call(passwords.list, { glob, limit, ...(cursor !== undefined && { cursor }) }),
      );
      found.push(...page.keys.map(({ key }) => key));
      cursor = page.cursor;
    } while (cursor !== undefined);
    return found.toSorted();
  };
  assert.deepEqual(await list('mail/*'), ['mail/a', 'mail/b']);
  assert.deepEqual(await list('mail/**', 1), ['mail/a', 'mail/b', 'mail/x/c']);
  assert.deepEqual(await list('postgres_*'), ['postgres_db', 'postgres_web']);
  assert.deepEqual(await list('mail/a'), ['mail/a']);
  assert.equal((await list('**', 2)).length, 5);
});

test('a new password is never made for a key whose formats are in use', async () => {
  await using started = await openKeep();
  const hash = await create(started.admin, 'db', 'mysql');
  const deleted = must(await started.admin.call(passwords.remove, { key: 'db', format: 'plain' }));
  assert.ok(await isOf(text(deleted.value), 'mysql', hash));
  for (const format of ['plain', 'sha512crypt']) {
    const answer = await started.admin.call(passwords.create, { key: 'db', format, options: {} });
    assert.equal(codeOf(answer), 'plain-is-gone');
  }
  assert.equal(await get(started.admin, 'db', 'mysql'), hash);
  assert.equal(await create(started.admin, 'db', 'mysql'), hash);
});

test('a password that is set replaces what was derived; empty ones and what is no key are refused', async () => {
  await using started = await openKeep();
  await create(started.admin, 'db', 'mysql');
  const set = (format: string, value: string, asIs = false) =>
    started.admin.call(passwords.set, { key: 'db', format, value: Buffer.from(value), asIs, options: {} });
  assert.equal(codeOf(await set('plain', 'hunter2')), 'ok');
  const shown = must(await started.admin.call(passwords.show, { key: 'db' }));
  assert.deepEqual(shown.formats, ['plain']);
  assert.ok(await isOf('hunter2', 'mysql', await create(started.admin, 'db', 'mysql')));
  assert.equal(codeOf(await set('mysql', '*ABC', true)), 'ok');
  assert.equal(await get(started.admin, 'db', 'mysql'), '*ABC');
  assert.equal(codeOf(await set('plain', '')), 'invalid-input');
  assert.equal(codeOf(await set('wireguard', 'no key')), 'invalid-input');
});

test('reset drops or keeps what is derived, and can be rolled back and forth', async () => {
  await using started = await openKeep();
  const old = await create(started.admin, 'db', 'mysql');
  const oldPlain = await get(started.admin, 'db', 'plain');
  const reset = async (format: string, derived: 'drop' | 'keep' = 'drop') =>
    text(must(await started.admin.call(passwords.reset, { key: 'db', format, options: {}, derived })).value);
  const kept = await reset('plain', 'keep');
  assert.notEqual(kept, oldPlain);
  assert.equal(await get(started.admin, 'db', 'mysql'), old);
  const fresh = await reset('mysql');
  assert.ok(await isOf(kept, 'mysql', fresh));
  const dropped = await reset('plain');
  const shown = must(await started.admin.call(passwords.show, { key: 'db' }));
  assert.deepEqual(shown.formats, ['plain']);
  assert.deepEqual(
    shown.versions.map(({ number, formats: names }) => [number, names.length]),
    [
      [1, 2],
      [2, 2],
      [3, 2],
    ],
  );
  must(await started.admin.call(passwords.rollBack, { key: 'db', version: 1 }));
  assert.equal(await get(started.admin, 'db', 'plain'), oldPlain);
  assert.equal(await get(started.admin, 'db', 'mysql'), old);
  must(await started.admin.call(passwords.rollBack, { key: 'db', version: 4 }));
  assert.equal(await get(started.admin, 'db', 'plain'), dropped);
  assert.equal(codeOf(await started.admin.call(passwords.rollBack, { key: 'db', version: 1 })), 'not-found');
});

test('nothing is rolled back to after its grace, nor what was deleted', async () => {
  await using started = await openKeep();
  await create(started.admin, 'db', 'mysql');
  must(await started.admin.call(passwords.reset, { key: 'db', format: 'plain', options: {}, derived: 'keep' }));
  must(await started.admin.call(passwords.remove, { key: 'db', format: 'plain' }));
  const shown = must(await started.admin.call(passwords.show, { key: 'db' }));
  assert.deepEqual(
    shown.versions.map(({ formats: names }) => names),
    [['mysql']],
  );
  started.clock.advance(8 * 86_400_000);
  assert.equal(codeOf(await started.admin.call(passwords.rollBack, { key: 'db', version: 1 })), 'not-found');
  await create(started.admin, 'gone', 'plain');
  must(await started.admin.call(passwords.reset, { key: 'gone', format: 'plain', options: {}, derived: 'drop' }));
  must(await started.admin.call(passwords.removeKey, { key: 'gone' }));
  assert.equal(codeOf(await started.admin.call(passwords.rollBack, { key: 'gone', version: 1 })), 'not-found');
});

test('a key expires as a whole, and what comes after is new', async () => {
  await using started = await openKeep();
  const first = await create(started.admin, 'db', 'plain', { expires: 60 });
  started.clock.advance(59_000);
  assert.equal(await get(started.admin, 'db', 'plain'), first);
  started.clock.advance(2_000);
  assert.equal(codeOf(await started.admin.call(passwords.get, { key: 'db', format: 'plain' })), 'not-found');
  assert.notEqual(await create(started.admin, 'db', 'plain', { expires: 60 }), first);
});

test('delete hands out what it takes, asked again with the same request id too', async () => {
  await using started = await openKeep();
  const plain = await create(started.admin, 'db', 'plain');
  const remove = () =>
    started.admin.call(passwords.remove, { key: 'db', format: 'plain' }, { requestId: 'remove-db-1' });
  assert.equal(text(must(await remove()).value), plain);
  assert.equal(text(must(await remove()).value), plain, 'a lost reply loses nothing');
  assert.equal(codeOf(await started.admin.call(passwords.remove, { key: 'db', format: 'plain' })), 'not-found');
  await create(started.admin, 'whole', 'mysql');
  const { values } = must(await started.admin.call(passwords.removeKey, { key: 'whole' }));
  assert.deepEqual(
    values.map(({ format }) => format),
    ['plain', 'mysql'],
  );
});

test('a part that is public is shown without the rest', async () => {
  await using started = await openKeep();
  const key = 'host/ssh';
  const render = 'pubonly';
  const made = await started.admin.call(passwords.create, {
    ...{ key, format: 'sshkey', render },
    options: { type: 'ed25519' },
  });
  assert.match(text(must(made).value), /^ssh-ed25519 \S+/);
  assert.match(await get(started.admin, key, 'sshkey'), /PRIVATE KEY/);
  const wrong = await started.admin.call(passwords.get, { key, format: 'sshkey', render: 'certonly' });
  assert.equal(wrong.kind === 'refused' && wrong.field, 'render');
});

test('an authority signs, and no serial is given out twice', async () => {
  await using started = await openKeep();
  const options = { CN: 'ca', become_ca: true, keysize: 2048 };
  await create(started.admin, 'ca', 'x509', options);
  const certificates = await Promise.all(
    ['a', 'b', 'c'].map((name) => create(started.admin, name, 'x509', { CN: name, ca: 'ca', keysize: 2048, days: 2 })),
  );
  assert.equal(new Set(certificates).size, 3);
  const serials = await get(started.admin, 'ca_all_serials', 'plain');
  assert.equal(new Set(serials.match(/\d+/g)).size, 3);
});

test('every value that leaves is on record, with who got what in which format; no value is', async () => {
  await using started = await openKeep();
  const plain = await create(started.admin, 'mail/a', 'plain');
  await get(started.admin, 'mail/a', 'plain');
  must(
    await started.admin.call(passwords.set, {
      ...{ key: 'mail/a', format: 'mysql', value: Buffer.from('to-be-hidden') },
      ...{ asIs: false, options: {} },
    }),
  );
  const { records } = must(await started.admin.call(audit.list, { limit: 10, object: 'passwords/mail/a' }));
  assert.deepEqual(
    records.map(({ operation, decision, who }) => `${who} ${operation} ${decision}`),
    [
      'admin:admin passwords.set changed',
      'admin:admin passwords.get released',
      'admin:admin passwords.create released',
    ],
  );
  assert.ok(records.every(({ facts }) => facts.some(({ name }) => name === 'format')));
  const whole = JSON.stringify(records);
  assert.ok(!whole.includes(plain) && !whole.includes('to-be-hidden'));
});

test('whoever listens hears what is set and deleted, never a value', async () => {
  await using started = await openKeep();
  const courier = clientOf(started.keep, 'courier');
  const stop = new AbortController();
  const events = await courier.stream(passwords.events, {}, { signal: stop.signal });
  if (!(Symbol.asyncIterator in events)) throw new Error(events.code);
  const iterator = events[Symbol.asyncIterator]();
  assert.deepEqual((await iterator.next()).value, { kind: 'listening' });
  await create(started.admin, 'db', 'mysql');
  must(await started.admin.call(passwords.removeKey, { key: 'db' }));
  const heard = [await iterator.next(), await iterator.next(), await iterator.next()].map(({ value }) => value);
  stop.abort();
  assert.deepEqual(heard, [
    { kind: 'set', key: 'db', format: 'plain', by: 'admin:admin' },
    { kind: 'set', key: 'db', format: 'mysql', by: 'admin:admin' },
    { kind: 'deleted', key: 'db', by: 'admin:admin' },
  ]);
});
