// Transactions of the shared suite, in few words.

import assert from 'node:assert/strict';
import type { AuditHead, Committed, Condition, Store, Transaction } from '../store.ts';

/** The bytes of a word. */
export const bytesOf = (word: string): Uint8Array => new Uint8Array(Buffer.from(word, 'latin1'));

/** The word of some bytes. */
export const wordOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** A transaction with what is given and nothing else. */
export const transactionOf = (parts: {
  readonly conditions?: readonly Condition[];
  readonly puts?: Readonly<Record<string, string>>;
  readonly deletes?: readonly string[];
  /** Payloads for lane 0. */
  readonly audit?: readonly string[];
}): Transaction => ({
  conditions: parts.conditions ?? [],
  puts: Object.entries(parts.puts ?? {}).map(([key, value]) => ({ key: bytesOf(key), value: bytesOf(value) })),
  deletes: (parts.deletes ?? []).map(bytesOf),
  audit: (parts.audit ?? []).map((payload) => ({ lane: 0, payload: bytesOf(payload) })),
});

/** Commits what must be committed. */
export const commitOf = async (store: Store, parts: Parameters<typeof transactionOf>[0]): Promise<Committed> => {
  const answer = await store.commit(transactionOf(parts));
  assert.equal(answer.kind, 'committed');
  return answer as Committed;
};

/** The word under a key, or undefined. */
export const readWord = async (store: Store, key: string, atRevision?: number): Promise<string | undefined> => {
  const entry = await store.get(bytesOf(key), atRevision === undefined ? {} : { atRevision });
  assert.ok(entry === undefined || !('kind' in entry), 'the revision is no longer known');
  return entry && wordOf(entry.value);
};

/** Everything under a prefix as `key=value`, page by page. */
export const readAll = async (store: Store, prefix: string, limit: number, atRevision?: number): Promise<string[]> => {
  const words: string[] = [];
  let cursor: string | undefined;
  do {
    const page = await store.list(bytesOf(prefix), {
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(atRevision === undefined ? {} : { atRevision }),
    });
    assert.ok(!('kind' in page), 'the revision is no longer known');
    assert.ok(page.entries.length <= limit);
    words.push(...page.entries.map(({ key, value }) => `${wordOf(key)}=${wordOf(value)}`));
    cursor = page.cursor;
  } while (cursor !== undefined);
  return words;
};

/** A head as a comparable word. */
export const wordOfHead = ({ lane, sequence, hash }: AuditHead): string =>
  `${lane}/${sequence}/${Buffer.from(hash).toString('hex')}`;
