// Whatever is done to the audit with the disk in hand, the check names the place.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit as auditOperations, checkOutput } from '@chatelaine/contract';
import { type AuditEntry, auditHash } from '@chatelaine/store';
import type { AnchoredState } from './anchor.ts';
import { MemoryStore } from './testing/memory-store.ts';
import { type AuditCheck, verifyAuditChain } from './verify-audit-chain.ts';

const RECORDS = 25;

const filledStore = async (lanes: readonly number[] = [0]): Promise<MemoryStore> => {
  const store = new MemoryStore();
  for (let index = 1; index <= RECORDS; index++) {
    const audit = lanes.map((lane) => ({ lane, payload: Buffer.from(`record ${index} of ${lane}`) }));
    await store.commit({ conditions: [], puts: [], deletes: [], audit });
  }
  return store;
};

const anchorOf = async (store: MemoryStore): Promise<AnchoredState> => ({
  revision: await store.revision(),
  heads: await store.auditHeads(),
});

const check = async (store: MemoryStore, anchor?: AnchoredState, batch = 4): Promise<AuditCheck> => {
  let last: AuditCheck | undefined;
  for await (const step of verifyAuditChain(store, anchor, { batch })) {
    last = checkOutput(auditOperations.verify, step);
    if (step.kind === 'progress') assert.ok(step.checked <= step.total);
  }
  assert.ok(last !== undefined);
  return last;
};

/** Fault and place, in any way of reading on. */
const faultOf = async (store: MemoryStore, anchor?: AnchoredState): Promise<string> => {
  const seen = new Set<string>();
  for (const batch of [1_000, 4, 7]) {
    const result = await check(store, anchor, batch);
    seen.add(result.kind === 'broken' ? `${result.fault} ${result.lane}/${result.sequence}` : result.kind);
  }
  assert.equal(seen.size, 1, [...seen].join(', '));
  return [...seen].join();
};

const lane0 = (store: MemoryStore): AuditEntry[] => store.state.lanes.get(0) ?? [];

const at = (store: MemoryStore, sequence: number): AuditEntry => {
  const entry = lane0(store).find((each) => each.sequence === sequence);
  assert.ok(entry !== undefined);
  return entry;
};

const replace = (store: MemoryStore, sequence: number, change: Partial<AuditEntry>): void => {
  const entry = at(store, sequence);
  lane0(store)[lane0(store).indexOf(entry)] = { ...entry, ...change };
};

test('an untouched audit is intact, and says how much of it the anchor vouches for', async () => {
  const store = await filledStore([0, 3]);
  const anchor = await anchorOf(store);
  assert.deepEqual(await check(store), { kind: 'intact', records: 2 * RECORDS, anchored: 0 });
  await store.commit({ conditions: [], puts: [], deletes: [], audit: [{ lane: 0, payload: Buffer.from('later') }] });
  assert.deepEqual(await check(store, anchor), { kind: 'intact', records: 2 * RECORDS + 1, anchored: 2 * RECORDS });
  assert.deepEqual(await check(new MemoryStore()), { kind: 'intact', records: 0, anchored: 0 });
});

test('progress grows to the number of records', async () => {
  const steps: number[] = [];
  for await (const step of verifyAuditChain(await filledStore([0, 1]), undefined, { batch: 10 })) {
    if (step.kind === 'progress') steps.push(step.checked);
  }
  assert.deepEqual(steps, [10, 20, 25, 35, 45, 50]);
});

test('any flipped bit is named at its record', async () => {
  for (const sequence of [1, 2, 13, RECORDS]) {
    for (const part of ['payload', 'hash'] as const) {
      for (let bit = 0; bit < 32; bit++) {
        const store = await filledStore();
        const bytes = Buffer.from(at(store, sequence)[part]);
        const byte = bit % bytes.length;
        bytes[byte] = (bytes[byte] ?? 0) ^ (1 << (bit % 8));
        replace(store, sequence, { [part]: bytes });
        assert.equal(await faultOf(store), `altered 0/${sequence}`);
      }
    }
  }
});

test('a dropped record is missing at its place, wherever it was but at the end', async () => {
  for (let sequence = 1; sequence < RECORDS; sequence++) {
    const store = await filledStore();
    lane0(store).splice(sequence - 1, 1);
    assert.equal(await faultOf(store), `missing 0/${sequence}`);
  }
});

test('a dropped stretch is missing from its beginning on', async () => {
  const store = await filledStore();
  lane0(store).splice(9, 8);
  assert.equal(await faultOf(store), 'missing 0/10');
  const result = await check(store);
  assert.match((result.kind === 'broken' && result.explanation) || '', /records 10 to 17/);
});

test('two swapped records are out of order', async () => {
  for (const [a, b] of [
    [1, 2],
    [4, 5],
    [9, 20],
    [RECORDS - 1, RECORDS],
  ] as const) {
    const store = await filledStore();
    const [first, second] = [at(store, a), at(store, b)];
    replace(store, a, { payload: second.payload, hash: second.hash });
    replace(store, b, { payload: first.payload, hash: first.hash });
    assert.equal(await faultOf(store), `out-of-order 0/${a}`);
  }
});

test('an inserted record is out of order at its place, whether or not its hash was made to fit', async () => {
  for (const isChained of [false, true]) {
    const store = await filledStore();
    const payload = Buffer.from('forged');
    const hash = isChained
      ? auditHash({ lane: 0, sequence: 10, previous: at(store, 9).hash, payload })
      : Buffer.alloc(32, 7);
    const rest = lane0(store)
      .splice(9)
      .map((entry) => ({ ...entry, sequence: entry.sequence + 1 }));
    lane0(store).push({ lane: 0, sequence: 10, hash, payload }, ...rest);
    const head = store.state.heads.get(0);
    assert.ok(head !== undefined);
    store.state.heads.set(0, { ...head, sequence: RECORDS + 1 });
    assert.equal(await faultOf(store), 'out-of-order 0/10');
  }
});

test('a record after the end that no commit wrote is out of order', async () => {
  const store = await filledStore();
  const payload = Buffer.from('forged');
  const hash = auditHash({ lane: 0, sequence: RECORDS + 1, previous: at(store, RECORDS).hash, payload });
  lane0(store).push({ lane: 0, sequence: RECORDS + 1, hash, payload });
  assert.equal(await faultOf(store), `out-of-order 0/${RECORDS + 1}`);
});

test('a cut-off end is truncated: against the heads, and against the anchor if the heads were cut too', async () => {
  for (const kept of [0, 1, 12, RECORDS - 1]) {
    const store = await filledStore();
    const anchor = await anchorOf(store);
    lane0(store).splice(kept);
    assert.equal(await faultOf(store), `truncated 0/${kept + 1}`);
    const last = lane0(store).at(-1);
    if (last === undefined) store.state.heads.delete(0);
    else store.state.heads.set(0, last);
    assert.equal(await faultOf(store), 'intact');
    assert.equal(await faultOf(store, anchor), `truncated 0/${kept + 1}`);
  }
});

test('a chain rewritten from some record on is noticed by the anchor', async () => {
  const store = await filledStore();
  const anchor = await anchorOf(store);
  let previous = at(store, 14).hash;
  for (let sequence = 15; sequence <= RECORDS; sequence++) {
    const payload = sequence === 15 ? Buffer.from('forged') : at(store, sequence).payload;
    const hash = auditHash({ lane: 0, sequence, previous, payload });
    replace(store, sequence, { payload, hash });
    previous = hash;
  }
  store.state.heads.set(0, at(store, RECORDS));
  assert.equal(await faultOf(store), 'intact');
  assert.equal(await faultOf(store, anchor), `rewritten 0/${RECORDS}`);
});

test('one record rewritten with its hash is noticed at the next, and at the end by the head', async () => {
  for (const sequence of [10, RECORDS]) {
    const store = await filledStore();
    const payload = Buffer.from('forged');
    const hash = auditHash({ lane: 0, sequence, previous: at(store, sequence - 1).hash, payload });
    replace(store, sequence, { payload, hash });
    assert.equal(await faultOf(store), `altered 0/${Math.min(sequence + 1, RECORDS)}`);
  }
});

test('a record that the store cannot read is named, however much is read at once', async () => {
  const store = await filledStore();
  const audit = store.audit.bind(store);
  store.audit = async (lane, options) => {
    const entries = await audit(lane, options);
    if (entries.some(({ sequence }) => sequence === 17)) throw new Error('database disk image is malformed');
    return entries;
  };
  assert.equal(await faultOf(store), 'unreadable 0/17');
});

test('heads that the store cannot read make the whole audit unreadable', async () => {
  const store = await filledStore();
  store.auditHeads = async () => {
    throw new Error('database disk image is malformed');
  };
  assert.equal(await faultOf(store), 'unreadable 0/1');
});

test('the first broken lane is named', async () => {
  const store = await filledStore([0, 2, 5]);
  store.state.lanes.get(2)?.splice(3, 1);
  store.state.lanes.get(5)?.splice(1, 1);
  assert.equal(await faultOf(store), 'missing 2/4');
});

test('records appended while it runs do not disturb the check', async () => {
  const store = await filledStore();
  let last: AuditCheck | undefined;
  for await (const step of verifyAuditChain(store, await anchorOf(store), { batch: 3 })) {
    await store.commit({ conditions: [], puts: [], deletes: [], audit: [{ lane: 0, payload: Buffer.from('later') }] });
    last = step;
  }
  assert.deepEqual(last, { kind: 'intact', records: RECORDS, anchored: RECORDS });
});
