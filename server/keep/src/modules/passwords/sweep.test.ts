import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, passwords, type Result } from '@chatelaine/contract';
import { type StartedKeep, startKeep } from '../../testing/start-keep.ts';

const HOUR_MS = 3_600_000;

const must = <T>(result: Result<T>): T => {
  if (result.kind === 'refused') throw new Error(`${result.code} ${result.field ?? ''} ${result.message ?? ''}`);
  return result.value;
};

const create = ({ admin }: StartedKeep, key: string, options: Readonly<Record<string, string | number>> = {}) =>
  admin.call(passwords.create, { key, format: 'mysql', options });

/** What was swept, oldest first. */
const swept = async ({ admin }: StartedKeep): Promise<readonly string[]> =>
  must(await admin.call(audit.list, { limit: 1_000 }))
    .records.filter(({ operation }) => operation === 'passwords.sweep')
    .map(({ object }) => object)
    .reverse();

/** How many records there are in the whole store. */
const records = async ({ store }: StartedKeep): Promise<number> => {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page = await store.list(new Uint8Array(0), { limit: 1_000, ...(cursor !== undefined && { cursor }) });
    if (!('entries' in page)) throw new Error('the store forgot its present');
    count += page.entries.length;
    cursor = page.cursor;
  } while (cursor !== undefined);
  return count;
};

test('what expired is destroyed within the next hour though nobody asks for it, each key on record, and nothing else is', async () => {
  await using started = await startKeep();
  await started.unseal();
  must(await create(started, 'stays'));
  await started.keep.keepHouse();
  const before = await records(started);
  for (let at = 0; at < 10; at++) must(await create(started, `ends/${at}`, { expires: 60 }));
  must(await create(started, 'later', { expires: 3 * 3_600 }));
  await started.keep.keepHouse();
  assert.deepEqual(await swept(started), []);
  started.clock.advance(2 * HOUR_MS);
  await started.keep.keepHouse();
  assert.equal(new Set(await swept(started)).size, 10);
  assert.ok((await swept(started)).every((object) => object.startsWith('passwords/ends/')));
  assert.equal(await records(started), before + 2, 'what comes later, and its entry');
  assert.equal((await started.admin.call(passwords.get, { key: 'later', format: 'mysql' })).kind, 'ok');
  started.clock.advance(3 * HOUR_MS);
  await started.keep.keepHouse();
  assert.equal(await records(started), before);
  assert.equal((await started.admin.call(passwords.get, { key: 'stays', format: 'mysql' })).kind, 'ok');
});

test('a key whose time began anew stays, and versions go when their grace is over', async () => {
  await using started = await startKeep();
  await started.unseal();
  must(await started.admin.call(passwords.configure, { options: {}, profiles: {}, graceSeconds: 5 * 3_600 }));
  must(await create(started, 'renewed', { expires: 2 * 3_600 }));
  must(await create(started, 'replaced'));
  started.clock.advance(HOUR_MS);
  must(
    await started.admin.call(passwords.reset, {
      key: 'renewed',
      format: 'plain',
      derived: 'drop',
      options: { expires: 20 * 3_600 },
    }),
  );
  must(await started.admin.call(passwords.reset, { key: 'replaced', format: 'plain', derived: 'drop', options: {} }));
  started.clock.advance(3 * HOUR_MS);
  await started.keep.keepHouse();
  assert.deepEqual(await swept(started), []);
  assert.equal((await started.admin.call(passwords.get, { key: 'renewed', format: 'plain' })).kind, 'ok');
  assert.equal(must(await started.admin.call(passwords.show, { key: 'replaced' })).versions.length, 1);
  started.clock.advance(3 * HOUR_MS);
  await started.keep.keepHouse();
  assert.deepEqual([...(await swept(started))].sort(), ['passwords/renewed', 'passwords/replaced']);
  assert.equal((await started.admin.call(passwords.get, { key: 'replaced', format: 'plain' })).kind, 'ok');
});

test('after a long time without a sweep it goes on where it was', async () => {
  await using first = await startKeep();
  await first.unseal();
  await first.keep.keepHouse();
  must(await create(first, 'ends', { expires: 60 }));
  await using started = await first.restart(400 * 24 * HOUR_MS);
  await started.unseal();
  for (let turns = 0; turns < 3; turns++) await started.keep.keepHouse();
  assert.deepEqual(await swept(started), ['passwords/ends']);
});

test('a clock that is behind destroys nothing', async () => {
  await using first = await startKeep();
  await first.unseal();
  must(await create(first, 'ends', { expires: 60 }));
  await using second = await first.restart(10 * HOUR_MS);
  await second.unseal();
  await using started = await second.restart(-5 * HOUR_MS);
  await started.unseal();
  await started.keep.keepHouse();
  assert.deepEqual(await swept(started), []);
  started.clock.advance(5 * HOUR_MS);
  await started.keep.keepHouse();
  assert.deepEqual(await swept(started), ['passwords/ends'], 'the control');
});

test('as many keys as one import takes fit a transaction, also if each takes the place of another and ends', async () => {
  await using started = await startKeep();
  await started.unseal();
  const keysWith = (text: string) =>
    Array.from({ length: passwords.MAX_MOVED_AT_ONCE }, (_, at) => ({
      key: `k${at}`,
      values: [{ format: 'plain', value: Buffer.from(text) }],
      expiry: { atUnixMs: started.clock.nowUnixMs() + (at + 1) * HOUR_MS },
    }));
  for (const text of ['one', 'two']) {
    const input = { keys: keysWith(text), replace: true };
    const moved = must(await started.admin.call(passwords.importKeys, input, { requestId: `import-${text}` }));
    assert.equal(moved.stored, passwords.MAX_MOVED_AT_ONCE);
  }
});
