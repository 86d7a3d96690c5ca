// What must hold after a process of write-until-killed is gone, however it went: everything it was told is there, once; of
// each writer at most one commit more, which nobody heard of; and the record of it, in one unbroken chain.

import assert from 'node:assert/strict';
import type { Store } from '../store.ts';
import { verifyAuditLane } from '../verify-audit-lane.ts';

interface KnownHead {
  readonly sequence: number;
  readonly hash: Uint8Array;
}

/** What a process told: for each `run writer`, how many commits were answered. */
export const countAcknowledged = (told: string): Map<string, number> => {
  const counts = new Map<string, number>();
  for (const line of told.split('\n').slice(0, -1)) {
    const [, name, number] = /^(\S+ \d+) (\d+)$/.exec(line) ?? [];
    if (name === undefined) continue;
    assert.equal(Number(number), (counts.get(name) ?? 0) + 1, 'answers come in order');
    counts.set(name, Number(number));
  }
  return counts;
};

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const listNumbers = async (store: Store, prefix: string): Promise<number[]> => {
  const numbers: number[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list(Buffer.from(prefix), { limit: 1_000, ...(cursor === undefined ? {} : { cursor }) });
    assert.ok(!('kind' in page));
    for (const { key, value } of page.entries) {
      const number = Number(textOf(key).slice(prefix.length));
      assert.equal(textOf(value), `${number}`.padEnd(1_200, '.'), 'a value is whole');
      numbers.push(number);
    }
    cursor = page.cursor;
  } while (cursor !== undefined);
  return numbers;
};

/** Audit records after `known`, as how often each payload occurs. */
const countAudited = async (store: Store, known: KnownHead): Promise<Map<string, number>> => {
  const counts = new Map<string, number>();
  for (let from = known.sequence + 1; ; ) {
    const entries = await store.audit(0, { from, limit: 1_000 });
    if (entries.length === 0) return counts;
    for (const { payload } of entries) counts.set(textOf(payload), (counts.get(textOf(payload)) ?? 0) + 1);
    from = (entries.at(-1)?.sequence ?? 0) + 1;
  }
};

/**
 * Checks the runs whose answers are given, in a store whose chain was checked up to `known` before; returns the new head, and
 * how many commits there are that were answered, and that were not.
 */
export const checkAcknowledged = async (
  store: Store,
  acknowledged: ReadonlyMap<string, number>,
  known: KnownHead,
): Promise<{ readonly head: KnownHead; readonly answered: number; readonly unheard: number }> => {
  const verdict = await verifyAuditLane(store, 0, known);
  assert.ok(verdict.kind === 'intact', `the chain breaks: ${verdict.kind} at ${verdict.sequence}`);
  const audited = await countAudited(store, known);
  let answered = 0;
  let present = 0;
  for (const [name, count] of acknowledged) {
    const numbers = await listNumbers(store, `${name.replace(' ', '/')}/`);
    assert.deepEqual(
      numbers,
      numbers.map((_, index) => index + 1),
      `${name}: each commit once, without a gap`,
    );
    assert.ok(numbers.length >= count, `${name}: ${count} were answered, ${numbers.length} are there`);
    assert.ok(numbers.length <= count + 1, `${name}: one more may be there, not ${numbers.length - count}`);
    const counter = await store.get(Buffer.from(`count/${name.replace(' ', '/')}`));
    assert.ok(counter === undefined || !('kind' in counter));
    assert.equal(
      counter === undefined ? 0 : Number(textOf(counter.value)),
      numbers.length,
      `${name}: all of a commit or nothing`,
    );
    for (const number of numbers)
      assert.equal(audited.get(`${name} ${number}`), 1, `${name} ${number}: one audit record`);
    answered += count;
    present += numbers.length;
  }
  assert.equal(audited.size, present, 'no audit record without its commit');
  return { head: { sequence: verdict.sequence, hash: verdict.hash }, answered, unheard: present - answered };
};
