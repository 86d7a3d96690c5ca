// From an entry of the store to an opened record, or to an error that names the place.

import type { KeyRing } from './key-ring.ts';
import { keyNumberOf, openRecord } from './sealed-value.ts';
import { DamagedRecordError, type OpenedRecord } from './vault.ts';

/** An entry, as far as opening it needs. */
interface Stored {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

const damaged = (collection: string, { key }: Stored): DamagedRecordError =>
  new DamagedRecordError(`record ${Buffer.from(key).toString('hex')} of collection ${collection} does not open`);

/**
 * Opens a record with the key it names, which may have been made by another process meanwhile.
 *
 * @param path what is expected inside; any if absent
 * @returns released by the caller. Throws {@link DamagedRecordError}.
 */
export const openStoredRecord = async (
  ring: KeyRing,
  collection: string,
  stored: Stored,
  path?: string,
): Promise<OpenedRecord> => {
  const number = keyNumberOf(stored.value);
  if (number === 0) throw damaged(collection, stored);
  let key = ring.find(collection, number);
  if (key === undefined) {
    await ring.refresh();
    key = ring.find(collection, number);
  }
  const opened = key && openRecord(stored.value, stored.key, key);
  if (opened === undefined) throw damaged(collection, stored);
  if (path === undefined || opened.path === path) return opened;
  opened.value.release();
  throw damaged(collection, stored);
};
