import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyslots, system } from '@chatelaine/contract';
import { lockedMemory } from '@chatelaine/secret';
import { type StartedKeep, startKeep } from '../testing/start-keep.ts';
import { ShareCollector } from './share-collector.ts';

const makeShares = async (started: StartedKeep, threshold: number, shares: number): Promise<Uint8Array[]> => {
  const made = await started.admin.call(keyslots.addShares, { label: 'the board', threshold, shares });
  assert.ok(made.kind === 'ok');
  assert.deepEqual([made.value.slot.threshold, made.value.slot.shares], [threshold, shares]);
  return made.value.shares.map((text) => Uint8Array.from(text));
};

const give = (started: StartedKeep, share: Uint8Array | undefined) =>
  started.admin.call(system.unsealShare, { share: share ?? new Uint8Array(1) });

test('any three of five shares open the keep, each given by itself; two do not', async () => {
  let started = await startKeep();
  await started.unseal();
  const shares = await makeShares(started, 3, 5);
  started = await started.restart(0);
  await using ended = started;
  for (const [index, expected] of [
    [4, [5]],
    [1, [2, 5]],
    [1, [2, 5]],
  ] as const) {
    const given = await give(ended, shares[index]);
    assert.ok(given.kind === 'ok');
    assert.ok(given.value.keptMs > 14 * 60_000);
    assert.deepEqual([given.value.sealed, given.value.given, given.value.threshold], [true, expected, 3]);
    const status = await ended.admin.call(system.status, {});
    assert.ok(status.kind === 'ok' && status.value.sealed);
  }
  const last = await give(ended, shares[2]);
  assert.ok(last.kind === 'ok');
  assert.deepEqual([last.value.sealed, last.value.given], [false, [2, 3, 5]]);
  const again = await give(ended, shares[0]);
  assert.ok(again.kind === 'refused' && again.code === 'not-sealed');
});

test('a share of another store, of a removed slot, and a mistyped one are refused and nothing is kept of them', async () => {
  const other = await startKeep();
  await other.unseal();
  const foreign = await makeShares(other, 2, 2);
  await other[Symbol.asyncDispose]();
  let started = await startKeep();
  await started.unseal();
  const shares = await makeShares(started, 2, 3);
  const slots = await started.admin.call(keyslots.list, {});
  assert.ok(slots.kind === 'ok');
  const id = slots.value.slots.find(({ kind }) => kind === 'shares')?.id ?? '';
  const removed = await makeShares(started, 2, 2);
  const others = await started.admin.call(keyslots.list, {});
  assert.ok(others.kind === 'ok');
  const gone = others.value.slots.find((slot) => slot.kind === 'shares' && slot.id !== id)?.id ?? '';
  assert.equal((await started.admin.call(keyslots.remove, { id: gone })).kind, 'ok');
  started = await started.restart(0);
  await using ended = started;
  const { pieces } = lockedMemory.use();
  const mistyped = Buffer.from(shares[0] ?? []);
  mistyped[mistyped.length - 3] = mistyped.at(-3) === 0x7a ? 0x79 : 0x7a;
  for (const [share, code] of [
    [foreign[0], 'invalid-input'],
    [removed[0], 'not-found'],
    [mistyped, 'invalid-input'],
    [Buffer.from('not a share'), 'invalid-input'],
  ] as const) {
    const refused = await give(ended, share);
    assert.equal(refused.kind === 'refused' && refused.code, code);
  }
  assert.equal(lockedMemory.use().pieces, pieces);
});

test('a share expires, and is wiped', async (t) => {
  const started = await startKeep();
  await using ended = started;
  await started.unseal();
  const shares = await makeShares(started, 2, 3);
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const collector = new ShareCollector(ended.store, 1_000);
  const { pieces } = lockedMemory.use();
  const first = await collector.give(shares[0] ?? new Uint8Array());
  assert.ok(first.kind === 'ok' && first.value.combined === undefined);
  assert.equal(lockedMemory.use().pieces, pieces + 1);
  t.mock.timers.tick(999);
  assert.equal(lockedMemory.use().pieces, pieces + 1);
  t.mock.timers.tick(1);
  assert.equal(lockedMemory.use().pieces, pieces);
  const second = await collector.give(shares[1] ?? new Uint8Array());
  assert.ok(second.kind === 'ok');
  assert.deepEqual(second.value.given, [2]);
  collector.wipe();
  assert.equal(lockedMemory.use().pieces, pieces);
});
