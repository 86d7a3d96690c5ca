// A full disk, a real one: a few megabytes of memory mounted as a file system. Mounting takes root.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it, type TestContext } from 'node:test';
import { commitOf, readAll, readWord, transactionOf } from '../conformance/sample-transactions.ts';
import { scratchDirectory } from '../scratch-store.ts';
import { openSqliteStore } from '../sqlite-store.ts';
import type { Store } from '../store.ts';
import { verifyAuditLane } from '../verify-audit-lane.ts';

/** The directory of a small file system, or undefined if none can be mounted. */
const mountSmall = (t: TestContext): string | undefined => {
  const directory = scratchDirectory(t);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', directory]);
  if (status !== 0) return undefined;
  // Hooks run in the order they were added; the directory is removed before this, which empties the mount only.
  t.after(() => {
    spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  });
  return directory;
};

/** Commits until the disk is full; returns how many were taken. */
const fillUp = async (store: Store, round: number): Promise<number> => {
  let taken = 0;
  for (let size = 60_000; size >= 1; size = Math.floor(size / 4)) {
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

it('refuses changes on a full disk, goes on reading, and takes changes again as soon as there is room', async (t) => {
  const directory = mountSmall(t);
  if (directory === undefined) {
    t.skip('a tmpfs cannot be mounted here: run this test as root');
    return;
  }
  const path = join(directory, 'store.db');
  const ballast = join(directory, 'ballast');
  const events: string[] = [];
  const log = ({ message }: { readonly message: string }) => events.push(message);
  writeFileSync(ballast, Buffer.alloc(1_000_000));
  let store = await openSqliteStore({ path, create: true, purpose: 'development', log });
  let audited = 0;
  for (let round = 0; round < 3; round++) {
    const taken = await fillUp(store, round);
    audited += taken;
    assert.ok(taken > 5, `round ${round}: ${taken}`);
    const group = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        store.commit(transactionOf({ puts: { [`no/${index}`]: 'x'.repeat(50_000) }, audit: ['no'] })),
      ),
    );
    for (const answer of group) assert.deepEqual(answer, { kind: 'refused', code: 'disk-full' });
    assert.equal((await readAll(store, `fill/${round}/`, 100)).length, taken);
    assert.equal(await readWord(store, 'no/0'), undefined);
    const verdict = await verifyAuditLane(store, 0);
    assert.ok(verdict.kind === 'intact' && verdict.sequence === audited, JSON.stringify(verdict));
    await assert.rejects(store.backup(join(directory, 'copy.db')), { code: 'disk-full' });
    rmSync(ballast, { force: true });
    if (round < 2) {
      await commitOf(store, { puts: { [`room/${round}`]: 'v' }, audit: ['room'] });
      audited++;
      writeFileSync(ballast, Buffer.alloc(round === 0 ? 300_000 : 1));
    }
  }
  assert.match(events.join('\n'), /disk is full(.|\n)*there is room/);
  await store.close();
  store = await openSqliteStore({ path, log });
  const verdict = await verifyAuditLane(store, 0);
  assert.ok(verdict.kind === 'intact' && verdict.sequence === audited);
  await store.close();
});
