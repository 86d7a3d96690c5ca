// Keys in batches that fit one transaction of the keep, by number and by size.

import { passwords } from '@chatelaine/contract';

const MAX_BATCH_BYTES = 524_288;

const sizeOf = ({ key, values }: passwords.WholeKey): number =>
  values.reduce((sum, { format, value }) => sum + format.length + value.length, Buffer.byteLength(key));

/** Each as large as it may be. */
export function* batchesOf(keys: readonly passwords.WholeKey[]): Generator<passwords.WholeKey[]> {
  let batch: passwords.WholeKey[] = [];
  let bytes = 0;
  for (const key of keys) {
    const size = sizeOf(key);
    if (batch.length === passwords.MAX_MOVED_AT_ONCE || (batch.length > 0 && bytes + size > MAX_BATCH_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(key);
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}
