import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockedMemory } from '@chatelaine/secret';
import type { Transaction } from '@chatelaine/store';
import { keyNumberOf } from './sealed-value.ts';
import type { MemoryStore } from './testing/memory-store.ts';
import {
  accepted,
  keyFile,
  makeVault,
  passPhrase,
  putRecord,
  readRecord,
  type TestVault,
} from './testing/test-vault.ts';
import type { SlotSecret, Vault } from './vault.ts';
import { parseHeader } from './vault-header.ts';

const both = { root: true, data: true };
const never = new AbortController().signal;
const fast = { signal: never, share: 1 };
const codeOf = (result: { readonly kind: string; readonly code?: string }): string => result.code ?? result.kind;
const valuesBelow = (store: MemoryStore, prefix: string): Uint8Array[] =>
  [...store.state.entries].filter(([key]) => key.startsWith(prefix)).map(([, { value }]) => value);

/** Root key ids that anything in the store says it is under. */
const rootKeyIdsIn = (store: MemoryStore): Set<string> =>
  new Set(
    ['00', '01', '02', '04'].flatMap((prefix) =>
      valuesBelow(store, prefix).flatMap(
        (value) => /"rootKeyId":"([0-9a-f]{16})"/.exec(Buffer.from(value).toString('latin1'))?.[1] ?? [],
      ),
    ),
  );

const numbersIn = (store: MemoryStore): Set<number> => new Set(valuesBelow(store, '03').map(keyNumberOf));

const fill = async (vault: Vault, records: number): Promise<void> => {
  for (let index = 0; index < records; index++) await putRecord(vault, `c${index % 3}`, `a/${index}`, `value ${index}`);
};

const check = async (vault: Vault, records: number): Promise<void> => {
  for (let index = 0; index < records; index++) {
    assert.equal(await readRecord(vault, `c${index % 3}`, `a/${index}`), `value ${index}`);
  }
};

const peer: SlotSecret = { kind: 'peer', secret: Buffer.alloc(32, 3) };
const slots = [keyFile, passPhrase, peer];

const makeFull = async (t: Parameters<typeof makeVault>[0], records: number): Promise<TestVault> => {
  const made = await makeVault(t);
  for (const slot of slots.slice(1)) accepted(await made.vault.addSlot(slot, '', 0));
  await fill(made.vault, records);
  return made;
};

test('after a rotation every slot opens as before, and nothing is under an old key', async (t) => {
  const { vault, store, reopen } = await makeFull(t, 120);
  const [oldRoot, oldBoxes] = [vault.rootKeyId, valuesBelow(store, '02').map((value) => Buffer.from(value))];
  accepted(await vault.beginRotation(both, 77));
  assert.deepEqual(vault.rotation, { ...both, startedAtUnixMs: 77, done: 0, total: 0 });
  await vault.continueRotation(fast);
  assert.equal(vault.rotation, undefined);
  assert.notEqual(vault.rootKeyId, oldRoot);
  assert.deepEqual(rootKeyIdsIn(store), new Set([vault.rootKeyId]));
  assert.deepEqual(numbersIn(store), new Set([2]));
  assert.equal(valuesBelow(store, '04').length, 0);
  // Three data keys, one blinding key, two audit keys since old records stay as they are, three recipients.
  assert.equal(valuesBelow(store, '02').length, 9);
  for (const box of oldBoxes) assert.ok(!valuesBelow(store, '02').some((value) => box.equals(value)));
  await check(vault, 120);
  for (const slot of slots) {
    const opened = accepted(await reopen(slot));
    assert.equal(opened.rootKeyId, vault.rootKeyId);
    await check(opened, 120);
    for (const entry of await store.audit(0, { from: 1, limit: 500 })) opened.openAudit(entry).release();
  }
});

test('it can be done again, one part at a time, and only one at once', async (t) => {
  const { vault, store, reopen } = await makeFull(t, 10);
  const first = vault.rootKeyId;
  for (const parts of [
    { root: false, data: true },
    { root: true, data: false },
    { root: true, data: false },
    { root: false, data: true },
  ]) {
    accepted(await vault.beginRotation(parts, 0));
    assert.equal(codeOf(await vault.beginRotation(both, 0)), 'conflict');
    await vault.continueRotation(fast);
  }
  assert.notEqual(vault.rootKeyId, first);
  assert.deepEqual(numbersIn(store), new Set([3]));
  assert.equal(codeOf(await vault.beginRotation({ root: false, data: false }, 0)), 'invalid-input');
  for (const slot of slots) await check(accepted(await reopen(slot)), 10);
});

/** Stops a store for good after some commits, as a kill does: what was answered is there, nothing else. */
const killAfter = (store: MemoryStore, commits: number): void => {
  const { commit } = store;
  let left = commits;
  store.commit = async (transaction: Transaction) => {
    if (left-- <= 0) throw new Error('killed');
    return await commit.call(store, transaction);
  };
};

test('killed after any commit, it goes on when the vault is opened again, with any slot', async (t) => {
  let killedAt = 0;
  for (let isOver = false; !isOver; killedAt++) {
    const { vault, store, reopen } = await makeFull(t, 8);
    const before = vault.rootKeyId;
    const { commit } = store;
    killAfter(store, killedAt);
    try {
      const begun = await vault.beginRotation(both, 0);
      if (begun.kind === 'ok') await vault.continueRotation(fast);
      isOver = true;
    } catch (error) {
      assert.match(String(error), /killed/);
    }
    store.commit = commit;
    const opened = accepted(await reopen(slots[killedAt % slots.length]));
    await check(opened, 8);
    await putRecord(opened, 'new', 'a', 'written meanwhile');
    await opened.continueRotation(fast);
    assert.equal(opened.rotation, undefined);
    assert.equal(rootKeyIdsIn(store).size, 1);
    assert.equal(opened.rootKeyId !== before, killedAt > 0);
    await check(opened, 8);
    const again = accepted(await reopen(slots[(killedAt + 1) % slots.length]));
    assert.equal(await readRecord(again, 'new', 'a'), 'written meanwhile');
    await check(again, 8);
  }
  assert.ok(killedAt > 8, `${killedAt} points`);
});

test('whoever holds the old root key alone, and everything that lay in the store meanwhile, opens nothing new', async (t) => {
  const { vault, store, anchorPath } = await makeFull(t, 3);
  const removed = (await vault.slots()).find(({ kind }) => kind === 'pass-phrase')?.id ?? '';
  const old = store.copy();
  accepted(await vault.removeSlot(removed));
  accepted(await vault.beginRotation({ root: true, data: false }, 0));
  // The worst moment: both root keys are there. The old slot, put back, opens the old root key.
  const slotEntry = [...old.entries].find(([key]) => key === `01${removed}`);
  assert.ok(slotEntry !== undefined);
  store.state.entries.set(...slotEntry);
  const { openVault } = await import('./index.ts');
  assert.equal(codeOf(await openVault({ store, secret: passPhrase, anchorPath })), 'damaged');
  store.state.entries.delete(slotEntry[0]);
  await vault.continueRotation(fast);
  assert.equal(codeOf(await openVault({ store, secret: passPhrase, anchorPath })), 'wrong-key');
});

test('writes meanwhile are not lost, whatever they were begun with', async (t) => {
  const { vault, store, reopen } = await makeFull(t, 200);
  const held = vault.begin();
  held.put('c0', 'held', Buffer.from('begun before'));
  const forgotten = vault.begin();
  forgotten.put('c1', 'forgotten', Buffer.from('begun before'));
  accepted(await vault.beginRotation(both, 0));
  const running = vault.continueRotation({ signal: never, share: 0.5 });
  let isOver = false;
  void running.then(() => {
    isOver = true;
  });
  let writes = 0;
  while (!isOver) {
    await putRecord(vault, `c${writes % 4}`, `a/${writes % 200}`, `changed ${writes}`);
    writes++;
    if (writes === 2) {
      const own = await held.get('c0', 'held');
      assert.equal(Buffer.from(own?.value.bytes ?? []).toString(), 'begun before');
      own?.value.release();
      assert.equal((await held.commit()).kind, 'committed');
    }
  }
  assert.ok(writes > 2);
  // Its key is gone: nothing may be written with it.
  assert.equal((await forgotten.commit()).kind, 'conflict');
  assert.ok([...numbersIn(store)].every((number) => number === 2 || number === 1));
  const opened = accepted(await reopen(passPhrase));
  assert.equal(await readRecord(opened, 'c0', 'held'), 'begun before');
  const page = await opened.list('c0', '', { limit: 500 });
  for (const { value } of page.records) value.release();
});

test('a record that does not open stops it, and no key is destroyed', async (t) => {
  const { vault, store, reopen } = await makeFull(t, 9);
  const [key = '', entry] = [...store.state.entries].findLast(([key]) => key.startsWith('03')) ?? [];
  assert.ok(entry !== undefined);
  const flipped = Uint8Array.from(entry.value);
  flipped[flipped.length - 1] = (flipped.at(-1) ?? 0) ^ 1;
  store.state.entries.set(key, { ...entry, value: flipped });
  accepted(await vault.beginRotation(both, 0));
  await assert.rejects(vault.continueRotation(fast), /does not open; its old key is kept/);
  assert.ok(vault.rotation !== undefined);
  store.state.entries.set(key, entry);
  const opened = accepted(await reopen(keyFile));
  await opened.continueRotation(fast);
  await check(opened, 9);
});

test('a slot of an earlier version is named; once it was used it follows', async (t) => {
  const { vault, store, reopen } = await makeFull(t, 1);
  for (const key of [...store.state.entries.keys()]) if (key.startsWith('0204')) store.state.entries.delete(key);
  const refused = await vault.beginRotation(both, 0);
  assert.ok(refused.kind === 'refused' && refused.code === 'old-keyslot');
  for (const slot of slots) accepted(await reopen(slot));
  accepted(await vault.beginRotation(both, 0));
  await vault.continueRotation(fast);
  for (const slot of slots) accepted(await reopen(slot));
});

test('slots added, removed and used while it goes on are right at its end', async (t) => {
  const { vault, reopen } = await makeFull(t, 60);
  const file = (byte: number): SlotSecret => ({ kind: 'key-file', secret: Buffer.alloc(16, byte) });
  const early = accepted(await vault.addSlot(file(1), '', 0));
  accepted(await vault.beginRotation(both, 0));
  const running = vault.continueRotation({ signal: never, share: 0.3 });
  accepted(await vault.addSlot(file(2), '', 0));
  accepted(await vault.removeSlot(early.id));
  await running;
  accepted(await reopen(file(2)));
  assert.equal(codeOf(await reopen(file(1))), 'wrong-key');
});

test('an abort stops it where it is; no key is left in locked memory when the vault is closed', async (t) => {
  const { pieces } = lockedMemory.use();
  const { vault, reopen, store } = await makeFull(t, 120);
  accepted(await vault.beginRotation(both, 0));
  const stop = new AbortController();
  const running = vault.continueRotation({ signal: stop.signal, share: 0.01 });
  stop.abort();
  await running;
  assert.ok(vault.rotation !== undefined);
  await vault.close();
  assert.equal(lockedMemory.use().pieces, pieces);
  const header = parseHeader(valuesBelow(store, '00')[0] ?? new Uint8Array());
  assert.ok(header.kind === 'ok');
  const opened = accepted(await reopen(passPhrase));
  await opened.continueRotation(fast);
  await opened.close();
  assert.equal(lockedMemory.use().pieces, pieces);
});
