// Random transactions against a store and a model of a few lines that is plainly right. A failure prints its seed.

import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { it } from 'node:test';
import type { Condition, Store, Transaction } from '../store.ts';
import { bytesOf, readAll, wordOf } from './sample-transactions.ts';
import type { MakeStore } from './store-under-test.ts';

/** Mulberry32: numbers in [0, 1) that a seed repeats. */
const randomOf = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};

class Model {
  revision = 0;
  audited = 0;
  records = new Map<string, { readonly value: string; readonly revision: number }>();

  /** What the store must answer: the revision, or the word of the key that conflicts. */
  apply({ conditions, puts, deletes, audit }: Transaction): number | string {
    for (const condition of conditions) {
      const expected = 'revision' in condition ? condition.revision : undefined;
      if (this.records.get(wordOf(condition.key))?.revision !== expected) return wordOf(condition.key);
    }
    if (puts.length + deletes.length + audit.length === 0) return this.revision;
    this.revision += 1;
    for (const { key, value } of puts) this.records.set(wordOf(key), { value: wordOf(value), revision: this.revision });
    for (const key of deletes) this.records.delete(wordOf(key));
    this.audited += audit.length;
    return this.revision;
  }

  words(): string[] {
    const sorted = [...this.records].sort(([a], [b]) => Buffer.compare(bytesOf(a), bytesOf(b)));
    return sorted.map(([key, { value }]) => `${key}=${value}`);
  }
}

const KEYS = ['a', 'a\x00', 'ab', 'b', 'b\xff', 'b\xff\xff', '\xff', '\xff\xff', 'long'.repeat(200)];

const randomTransaction = (random: () => number, model: Model, step: number): Transaction => {
  const below = (limit: number): number => Math.floor(random() * limit);
  const written = KEYS.filter(() => random() < 0.3);
  const conditions = KEYS.filter(() => random() < 0.2).map((word): Condition => {
    const present = model.records.get(word);
    const isTrue = random() < 0.85;
    if ((present !== undefined) === isTrue) return { key: bytesOf(word), revision: present?.revision ?? 1 + below(5) };
    return { key: bytesOf(word), absent: true };
  });
  const puts: Transaction['puts'][number][] = [];
  const deletes: Uint8Array[] = [];
  for (const word of written) {
    if (random() < 0.3) deletes.push(bytesOf(word));
    else puts.push({ key: bytesOf(word), value: bytesOf(`${step}`.repeat(below(50))) });
  }
  const audit = Array.from({ length: below(3) }, () => ({ lane: 0, payload: bytesOf(`${step}`) }));
  if (conditions.length + written.length + audit.length === 0) puts.push({ key: bytesOf('a'), value: bytesOf('') });
  return { conditions, puts, deletes, audit };
};

/** Commits some transactions at once, so that they may share a group, and compares each answer. */
const stepTogether = async (store: Store, model: Model, random: () => number, step: number): Promise<void> => {
  const count = 1 + Math.floor(random() * 4);
  const pending = Array.from({ length: count }, () => {
    const transaction = randomTransaction(random, model, step);
    return { expected: model.apply(transaction), answer: store.commit(transaction) };
  });
  for (const { expected, answer } of pending) {
    const got = await answer;
    assert.ok(got.kind !== 'refused');
    assert.equal(got.kind === 'committed' ? got.revision : wordOf(got.key), expected);
  }
};

export const modelPromises = (make: MakeStore): void => {
  it('answers random transactions as a plain model does, at present and at every moment that is still known', async (t) => {
    const seed = randomInt(2 ** 31);
    const random = randomOf(seed);
    const underTest = await make(t);
    let { store } = underTest;
    const model = new Model();
    let past = new Map<number, string[]>([[0, []]]);
    try {
      for (let step = 0; step < 150; step++) {
        await stepTogether(store, model, random, step);
        past.set(model.revision, model.words());
        if (step === 75) {
          store = await underTest.reopen();
          past = new Map([[model.revision, model.words()]]);
        }
        if (step % 15 !== 0) continue;
        assert.deepEqual(await readAll(store, '', 3), model.words());
        for (const [revision, words] of past) assert.deepEqual(await readAll(store, '', 4, revision), words);
        assert.equal((await store.auditHeads())[0]?.sequence ?? 0, model.audited);
      }
    } catch (error) {
      throw new Error(`seed ${seed}: ${String(error)}`, { cause: error });
    }
  });
};
