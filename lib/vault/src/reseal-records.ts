// Seals the records of a collection anew with its newest key, a few at a time, each on the condition that nobody changed it
// meanwhile: who did has sealed it with the newest key already.

import type { Entry } from '@chatelaine/store';
import { MAX_OPERATIONS } from '@chatelaine/store';
import { pause } from './pause.ts';
import { readEntries } from './read-store.ts';
import { keyNumberOf, openRecord, sealRecord } from './sealed-value.ts';
import { DamagedRecordError } from './vault.ts';
import type { VaultParts } from './vault-parts.ts';

/** A condition and a put for each. */
const RECORDS_A_COMMIT = MAX_OPERATIONS / 2;
const BYTES_A_COMMIT = 524_288;
const REFUSED_PAUSE_MS = 1_000;

export interface ResealOptions {
  readonly collection: string;
  /** What the keys of the records begin with. */
  readonly prefix: Uint8Array;
  /** Records under an older key than this are sealed anew. */
  readonly number: number;
  readonly signal: AbortSignal;
  /** The share of time taken from everything else, 0 to 1. */
  readonly share: number;
  readonly onDone: (count: number) => void;
}

const reseal = ({ ring, fill }: VaultParts, collection: string, entry: Entry): Uint8Array => {
  const [key, newest] = [ring.find(collection, keyNumberOf(entry.value)), ring.newest(collection)];
  const opened = key && openRecord(entry.value, entry.key, key);
  if (opened === undefined || newest === undefined) {
    const where = Buffer.from(entry.key).toString('hex');
    throw new DamagedRecordError(`record ${where} of collection ${collection} does not open; its old key is kept`);
  }
  using content = opened.value;
  return sealRecord({ at: entry.key, path: opened.path, content: content.bytes }, newest, fill);
};

/** As many as one transaction takes; at least one. */
const firstFew = (entries: readonly Entry[]): readonly Entry[] => {
  let bytes = 0;
  const end = entries.findIndex(({ key, value }, index) => {
    bytes += 2 * key.length + value.length;
    return index > 0 && (bytes > BYTES_A_COMMIT || index >= RECORDS_A_COMMIT);
  });
  return end < 0 ? entries : entries.slice(0, end);
};

/** Resolves when none is left, or `signal` aborts. Throws {@link DamagedRecordError} for a record that does not open. */
export const resealRecords = async (parts: VaultParts, options: ResealOptions): Promise<void> => {
  const { collection, prefix, number, signal, share, onDone } = options;
  const { store } = parts;
  const isOld = ({ value }: Entry): boolean => keyNumberOf(value) < number;
  let cursor: string | undefined;
  do {
    const page = await readEntries(
      store,
      prefix,
      cursor === undefined ? { limit: RECORDS_A_COMMIT } : { limit: RECORDS_A_COMMIT, cursor },
    );
    let left = page.entries.filter(isOld);
    while (left.length > 0 && !signal.aborted) {
      const startedAt = performance.now();
      const few = firstFew(left);
      const puts = few.map((entry) => ({ key: entry.key, value: reseal(parts, collection, entry) }));
      const conditions = few.map(({ key, revision }) => ({ key, revision }));
      const spentMs = performance.now() - startedAt;
      const outcome = await store.commit({ conditions, puts, deletes: [], audit: [] });
      if (outcome.kind === 'committed') {
        onDone(few.length);
        left = left.slice(few.length);
      } else if (outcome.kind === 'conflict') {
        const now = await Promise.all(left.map(({ key }) => store.get(key)));
        left = now.flatMap((entry) => (entry !== undefined && 'value' in entry && isOld(entry) ? [entry] : []));
      } else if (outcome.code === 'busy' || outcome.code === 'disk-full') {
        await pause(REFUSED_PAUSE_MS, signal);
      } else {
        throw new Error(`the store refused records sealed anew: ${outcome.code}`);
      }
      await pause((spentMs * (1 - share)) / share, signal);
    }
    cursor = page.cursor;
  } while (cursor !== undefined && !signal.aborted);
};
