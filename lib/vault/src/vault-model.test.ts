// Random transactions, several at once, against a plain Map: what is read is what was committed, and a transaction commits
// exactly if nothing that it read has changed since.

import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { makeVault } from './testing/test-vault.ts';
import type { SealedTransaction, Vault } from './vault.ts';

const collections = ['machines', 'passwords'] as const;
const paths = ['a', 'b', 'a/b', 'a/b/c'] as const;

type Step =
  | { readonly kind: 'get' | 'delete'; readonly tx: number; readonly collection: string; readonly path: string }
  | {
      readonly kind: 'put';
      readonly tx: number;
      readonly collection: string;
      readonly path: string;
      readonly value: string;
    }
  | { readonly kind: 'commit'; readonly tx: number }
  | { readonly kind: 'list'; readonly collection: string; readonly prefix: string };

const tx = fc.nat({ max: 2 });
const place = { tx, collection: fc.constantFrom(...collections), path: fc.constantFrom(...paths) };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('get' as const), ...place }),
  fc.record({ kind: fc.constant('put' as const), ...place, value: fc.string({ maxLength: 40 }) }),
  fc.record({ kind: fc.constant('delete' as const), ...place }),
  fc.record({ kind: fc.constant('commit' as const), tx }),
  fc.record({
    kind: fc.constant('list' as const),
    collection: place.collection,
    prefix: fc.constantFrom('', ...paths),
  }),
);

interface Cell {
  readonly value: string | undefined;
  /** Another after every put; 0 while there is no record. */
  readonly version: number;
}

/** One transaction in the vault and what the model knows of it. */
class Both {
  readonly sealed: SealedTransaction;
  readonly reads = new Map<string, number>();
  readonly writes = new Map<string, string | undefined>();
  isDoomed = false;

  constructor(vault: Vault) {
    this.sealed = vault.begin();
  }
}

class Model {
  readonly cells = new Map<string, Cell>();
  #puts = 0;

  at(name: string): Cell {
    return this.cells.get(name) ?? { value: undefined, version: 0 };
  }

  commits({ reads, isDoomed }: Both): boolean {
    return !isDoomed && [...reads].every(([name, version]) => this.at(name).version === version);
  }

  apply({ writes }: Both): void {
    for (const [name, value] of writes) {
      this.cells.set(name, { value, version: value === undefined ? 0 : ++this.#puts });
    }
  }
}

const textOf = (value: { readonly bytes: Uint8Array; release(): void }): string => {
  const text = Buffer.from(value.bytes).toString();
  value.release();
  return text;
};

const run = async (vault: Vault, steps: readonly Step[]): Promise<void> => {
  const model = new Model();
  const open = [new Both(vault), new Both(vault), new Both(vault)];
  const both = (index: number): Both => open[index] ?? assert.fail();
  for (const current of steps) {
    if (current.kind === 'list') {
      const { records } = await vault.list(current.collection, current.prefix, { limit: 100 });
      const listed = records.map(({ path, value }) => `${current.collection}:${path}=${textOf(value)}`).sort();
      const below = current.prefix === '' ? '' : `${current.prefix}/`;
      const expected = [...model.cells]
        .filter(([name, { value }]) => value !== undefined && name.startsWith(`${current.collection}:`))
        .filter(([name]) => `${name.slice(current.collection.length + 1)}/`.startsWith(below))
        .map(([name, { value }]) => `${name}=${value}`)
        .sort();
      assert.deepEqual(listed, expected);
      continue;
    }
    const at = both(current.tx);
    if (current.kind === 'commit') {
      if (at.writes.size === 0) continue;
      const expected = model.commits(at) ? 'committed' : 'conflict';
      assert.equal((await at.sealed.commit()).kind, expected);
      if (expected === 'committed') model.apply(at);
      open[current.tx] = new Both(vault);
      continue;
    }
    const name = `${current.collection}:${current.path}`;
    if (current.kind === 'put') {
      at.sealed.put(current.collection, current.path, Buffer.from(current.value));
      at.writes.set(name, current.value);
    } else if (current.kind === 'delete') {
      at.sealed.delete(current.collection, current.path);
      at.writes.set(name, undefined);
    } else {
      const record = await at.sealed.get(current.collection, current.path);
      const cell = model.at(name);
      const expected = at.writes.has(name) ? at.writes.get(name) : cell.value;
      assert.equal(record && textOf(record.value), expected);
      if (at.writes.has(name)) continue;
      if ((at.reads.get(name) ?? cell.version) !== cell.version) at.isDoomed = true;
      at.reads.set(name, at.reads.get(name) ?? cell.version);
    }
  }
};

/** Runs `steps` in a fresh vault with both collections in use. */
const inFreshVault = async (t: TestContext, steps: readonly Step[]): Promise<void> => {
  const { vault } = await makeVault(t);
  for (const collection of collections) {
    const tx = vault.begin();
    tx.put(collection, 'used', Buffer.alloc(0));
    await tx.commit();
    const undo = vault.begin();
    undo.delete(collection, 'used');
    await undo.commit();
  }
  await run(vault, steps);
  await vault.close();
};

test('random transactions do what a plain map would do, with exactly the conflicts it would have', async (t) => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), (steps) => inFreshVault(t, steps)),
    { numRuns: 150 },
  );
});
