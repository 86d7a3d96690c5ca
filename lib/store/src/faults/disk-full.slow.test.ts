// A full disk, a real one: a few megabytes of memory mounted as a file system. Mounting takes root.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { commitOf, readAll, readWord, transactionOf } from '../conformance/sample-transactions.ts';
import { openSqliteStore, type SqliteStore } from '../sqlite-store.ts';
import type { Store, Transaction } from '../store.ts';
import { verifyAuditLane } from '../verify-audit-lane.ts';

/** The directory of a file system of 32 MB, or undefined if none can be mounted. `finish` runs before it is taken away. */
const mountSmall = (t: TestContext, finish: () => Promise<void>): string | undefined => {
  const directory = mkdtempSync(join(tmpdir(), 'chatelaine-store-'));
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=32m', 'tmpfs', directory]);
  t.after(async () => {
    await finish();
    if (status === 0) spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true });
  });
  return status === 0 ? directory : undefined;
};

/** Commits until the disk is full; returns how many were taken. */
const fillUp = async (store: Store, round: number): Promise<number> => {
  let taken = 0;
  for (let size = 200_000; size >= 1; size = Math.floor(size / 4)) {
    for (;;) {
      const answer = await store.commit(
        transactionOf({ puts: { [`fill/${round}/${taken}`]: 'x'.repeat(size) }, audit: [`${round} ${taken}`] }),
      );
      if (answer.kind !== 'committed') {
        assert.deepEqual(answer, { kind: 'refused', code: 'disk-full' });
        break;
      }
      taken++;
    }
  }
  return taken;
};

/** Leaves no block of the file system free. */
const fillFile = (path: string): void => {
  const fd = openSync(path, 'w');
  try {
    for (;;) writeSync(fd, Buffer.alloc(4_096));
  } catch (error) {
    assert.ok(error instanceof Error && 'code' in error && error.code === 'ENOSPC');
  } finally {
    closeSync(fd);
  }
};

/** A group of commits, each of which is refused, and none of which leaves anything. */
const refuseAll = async (store: Store): Promise<void> => {
  const group = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      store.commit(transactionOf({ puts: { [`no/${index}`]: 'x'.repeat(500_000) }, audit: ['no'] })),
    ),
  );
  for (const answer of group) assert.deepEqual(answer, { kind: 'refused', code: 'disk-full' });
  assert.equal(await readWord(store, 'no/0'), undefined);
};

/** The length of lane 0, every link of it checked. */
const verifiedTo = async (store: Store): Promise<number> => {
  const verdict = await verifyAuditLane(store, 0);
  assert.ok(verdict.kind === 'intact', JSON.stringify(verdict));
  return verdict.sequence;
};

it('refuses changes on a full disk, goes on reading, and takes changes again as soon as there is room', async (t) => {
  let store: SqliteStore | undefined;
  const directory = mountSmall(t, async () => store?.close());
  if (directory === undefined) {
    t.skip('a tmpfs cannot be mounted here: run this test as root');
    return;
  }
  const path = join(directory, 'store.db');
  const events: string[] = [];
  const log = ({ message }: { readonly message: string }) => events.push(message);
  // More than the log, which has to be merged before its room can be used again.
  const ballast = [1, 2].map((number) => join(directory, `ballast-${number}`));
  for (const file of ballast) writeFileSync(file, Buffer.alloc(7_000_000));
  store = await openSqliteStore({ path, create: true, purpose: 'development', log });
  let audited = 0;
  for (let round = 0; ; round++) {
    const taken = await fillUp(store, round);
    audited += taken;
    assert.ok(taken > 5, `round ${round}: ${taken}`);
    await refuseAll(store);
    assert.equal((await readAll(store, `fill/${round}/`, 100)).length, taken);
    assert.equal(await verifiedTo(store), audited);
    await assert.rejects(store.backup(join(directory, 'copy.db')), { code: 'disk-full' });
    assert.deepEqual(
      readdirSync(directory).filter((name) => name.startsWith('copy')),
      [],
    );
    const room = ballast.pop();
    if (room === undefined) break;
    rmSync(room);
    await commitOf(store, { puts: { [`room/${round}`]: 'v' }, audit: ['room'] });
    audited++;
  }
  assert.match(events.join('\n'), /disk is full(.|\n)*there is room/);
  await store.close();
  store = await openSqliteStore({ path, log });
  assert.equal(await verifiedTo(store), audited);
});

it('opens a store on a disk that is full, and reads', async (t) => {
  let store: SqliteStore | undefined;
  const directory = mountSmall(t, async () => store?.close());
  if (directory === undefined) {
    t.skip('a tmpfs cannot be mounted here: run this test as root');
    return;
  }
  const path = join(directory, 'store.db');
  store = await openSqliteStore({ path, create: true, purpose: 'development' });
  const taken = await fillUp(store, 0);
  await store.close();
  fillFile(join(directory, 'ballast'));
  store = await openSqliteStore({ path });
  assert.equal(await verifiedTo(store), taken);
  await refuseAll(store);
});

it('goes on with what may use the reserve, refuses all else, and makes the reserve again when there is room', async (t) => {
  let store: SqliteStore | undefined;
  const directory = mountSmall(t, async () => store?.close());
  if (directory === undefined) {
    t.skip('a tmpfs cannot be mounted here: run this test as root');
    return;
  }
  const path = join(directory, 'store.db');
  const events: string[] = [];
  const log = ({ message }: { readonly message: string }) => events.push(message);
  const isReserved = () => readdirSync(directory).includes('store.db-reserve');
  store = await openSqliteStore({
    path,
    create: true,
    purpose: 'development',
    reserveBytes: 8 * 1_048_576,
    log,
  });
  await commitOf(store, { puts: { first: 'v' } });
  assert.ok(isReserved(), 'the reserve is there from the first day');
  const ballast = join(directory, 'ballast');
  fillFile(ballast);
  const filled = await fillUp(store, 0);
  assert.ok(isReserved(), 'it is not used for everything');

  const urgent = (index: number): Transaction =>
    transactionOf({ puts: { [`urgent/${index % 20}`]: 'x'.repeat(300) }, audit: [`urgent ${index}`] });
  let taken = 0;
  for (; taken < 500; taken++) {
    const refused = store.commit(transactionOf({ puts: { [`no/${taken}`]: 'v' } }));
    const answer = await store.commit({ ...urgent(taken), mayUseReserve: true });
    assert.equal(answer.kind, 'committed', `urgent commit ${taken}`);
    assert.deepEqual(await refused, { kind: 'refused', code: 'disk-full' });
  }
  assert.ok(!isReserved(), 'it is in use');
  assert.equal(await verifiedTo(store), filled + taken);

  // Used up, they are refused as well; nothing is lost.
  for (;;) {
    const answer = await store.commit({
      ...transactionOf({ puts: { [`more/${taken}`]: 'x'.repeat(100_000) }, audit: [`${taken}`] }),
      mayUseReserve: true,
    });
    if (answer.kind !== 'committed') {
      assert.deepEqual(answer, { kind: 'refused', code: 'disk-full' });
      break;
    }
    taken++;
  }
  assert.equal(await readWord(store, 'first'), 'v');
  assert.equal(await verifiedTo(store), filled + taken);

  rmSync(ballast);
  for (;;) {
    const answer = await store.commit(transactionOf({ puts: { room: 'v' } }));
    if (answer.kind === 'committed') break;
    assert.deepEqual(answer, { kind: 'refused', code: 'disk-full' });
    await pause(100);
  }
  assert.ok(isReserved(), 'it is there again before anything else may take its room');
  assert.match(events.join('\n'), /disk is full(.|\n)*reserve on the disk is in use(.|\n)*there is room/);
});
