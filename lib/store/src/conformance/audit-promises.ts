// Promises about the audit chain, leases and backups.

import assert from 'node:assert/strict';
import { it } from 'node:test';
import { auditHash, firstAuditHash } from '../audit-hash.ts';
import { verifyAuditLane } from '../verify-audit-lane.ts';
import { bytesOf, commitOf, readAll, readWord, transactionOf, wordOf, wordOfHead } from './sample-transactions.ts';
import type { MakeStore } from './store-under-test.ts';

const chainPromises = (make: MakeStore): void => {
  it('numbers and chains audit records by itself, lane by lane, in the order of the commits', async (t) => {
    const { store, reopen } = await make(t);
    await commitOf(store, { audit: ['one', 'two'] });
    const answer = await store.commit({
      ...transactionOf({ puts: { a: '1' } }),
      audit: [
        { lane: 255, payload: bytesOf('other') },
        { lane: 0, payload: bytesOf('three') },
        { lane: 0, payload: new Uint8Array(0) },
      ],
    });
    assert.ok(answer.kind === 'committed');
    assert.deepEqual(
      answer.audit.map(({ lane, sequence }) => [lane, sequence]),
      [
        [255, 1],
        [0, 3],
        [0, 4],
      ],
    );
    const again = await reopen();
    await commitOf(again, { audit: ['five'] });
    const records = await again.audit(0, { from: 1, limit: 10 });
    assert.deepEqual(
      records.map(({ payload }) => wordOf(payload)),
      ['one', 'two', 'three', '', 'five'],
    );
    let previous = firstAuditHash;
    for (const { lane, sequence, hash, payload } of records) {
      assert.deepEqual(Buffer.from(hash), auditHash({ lane, sequence, previous, payload }));
      previous = hash;
    }
    const other = auditHash({ lane: 255, sequence: 1, previous: firstAuditHash, payload: bytesOf('other') });
    assert.deepEqual((await again.auditHeads()).map(wordOfHead), [
      `0/5/${Buffer.from(previous).toString('hex')}`,
      `255/1/${other.toString('hex')}`,
    ]);
    assert.equal((await verifyAuditLane(again, 0)).kind, 'intact');
    assert.equal((await verifyAuditLane(again, 255)).kind, 'intact');
  });

  it('gives records from a sequence on, at most as many as asked for, of that lane only', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { audit: ['1', '2', '3', '4'] });
    await store.commit({ ...transactionOf({}), audit: [{ lane: 1, payload: bytesOf('else') }] });
    const payloads = async (from: number, limit: number) =>
      (await store.audit(0, { from, limit })).map(({ payload }) => wordOf(payload));
    assert.deepEqual([await payloads(2, 2), await payloads(4, 1_000), await payloads(5, 1)], [['2', '3'], ['4'], []]);
    assert.deepEqual(await store.audit(7, { from: 1, limit: 1 }), []);
  });

  it('leaves no gap in the chain for refused commits among others', async (t) => {
    const { store } = await make(t);
    await commitOf(store, { puts: { taken: '1' } });
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        store.commit(
          transactionOf({
            conditions: index % 3 === 0 ? [{ key: bytesOf('taken'), absent: true }] : [],
            audit: [String(index)],
          }),
        ),
      ),
    );
    const verdict = await verifyAuditLane(store, 0);
    assert.ok(verdict.kind === 'intact' && verdict.sequence === 26);
  });
};

const leasePromises = (make: MakeStore): void => {
  it('gives a lease to one at a time, and a greater token to each holder, also after it was opened again', async (t) => {
    const { store, reopen } = await make(t);
    const [first, second] = await Promise.all([store.lease('watch', 60_000), store.lease('watch', 60_000)]);
    assert.deepEqual([first === undefined, second === undefined], [false, true]);
    const other = await store.lease('other', 60_000);
    assert.ok(first !== undefined && other !== undefined && other.token > first.token);
    assert.equal(await first.renew(), true);
    await first.release();
    assert.equal(await first.renew(), false);
    const third = await store.lease('watch', 60_000);
    assert.ok(third !== undefined && third.token > other.token);
    await first.release();
    assert.equal(await third.renew(), true);
    await third.release();
    const again = await (await reopen()).lease('watch', 60_000);
    assert.ok(again !== undefined && again.token > third.token);
  });

  it('throws for a lease without a name or time', async (t) => {
    const { store } = await make(t);
    await assert.rejects(store.lease('', 1_000), RangeError);
    for (const ttlMs of [0, -1, 1.5, 86_400_001]) await assert.rejects(store.lease('name', ttlMs), RangeError);
  });
};

export const auditPromises = (make: MakeStore): void => {
  chainPromises(make);
  leasePromises(make);

  it('makes a backup of one moment while commits go on; it opens as a store and goes on from there', async (t) => {
    const { store, backupPath, openBackup } = await make(t);
    let isDone = false;
    let written = 0;
    const writing = (async () => {
      for (; !isDone; written++)
        await commitOf(store, { puts: { [`n/${written}`]: 'v', last: String(written) }, audit: ['r'] });
    })();
    while (written < 20) await commitOf(store, { puts: { other: 'v' } });
    const { revision, sizeBytes } = await store.backup(backupPath);
    isDone = true;
    await writing;
    assert.ok(sizeBytes > 0);
    const copy = await openBackup(backupPath);
    try {
      assert.deepEqual([copy.id, await copy.revision()], [store.id, revision]);
      const last = Number(await readWord(copy, 'last'));
      assert.equal((await readAll(copy, 'n/', 100)).length, last + 1);
      const verdict = await verifyAuditLane(copy, 0);
      assert.ok(verdict.kind === 'intact' && verdict.sequence === last + 1);
      assert.ok((await commitOf(copy, { puts: { more: 'v' } })).revision > revision);
    } finally {
      await copy.close();
    }
  });

  it('does not write a backup over something that is there', async (t) => {
    const { store, backupPath } = await make(t);
    await store.backup(backupPath);
    await assert.rejects(store.backup(backupPath), { code: 'already-exists' });
  });
};
