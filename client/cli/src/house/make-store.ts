// Makes the keep's store with its first key slot. A mark lies beside it until it is complete: what is found with the mark
// was never used by anybody and is made anew; what is found without it is never touched.

import { existsSync } from 'node:fs';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../failure.ts';
import { runHouseProcess } from './house-process.ts';

const STORE = 'store.db';
const MARK = 'store-is-being-made';

/** A first key slot. */
export interface FirstSlot {
  readonly kind: 'pass-phrase' | 'key-file';
  /** Stays the caller's, who wipes it. */
  readonly secret: Uint8Array;
  readonly label: string;
}

/** The ids of a new store. */
export interface MadeStore {
  readonly storeId: string;
  readonly rootKeyId: string;
}

/** Whether there is a complete store in the keep's directory. */
export const hasStore = (directory: string): boolean =>
  existsSync(join(directory, STORE)) && !existsSync(join(directory, MARK));

/**
 * Makes the store that a configuration names.
 *
 * @param keep the keep's table of that configuration
 */
export const makeStore = async (
  configFile: string,
  keep: { readonly directory: string; readonly anchor: string },
  slot: FirstSlot,
): Promise<MadeStore> => {
  const mark = join(keep.directory, MARK);
  if (existsSync(mark)) {
    for (const name of await readdir(keep.directory)) {
      if (name.startsWith(STORE)) await rm(join(keep.directory, name));
    }
    await rm(keep.anchor, { force: true });
  }
  await writeFile(mark, '', { mode: 0o600 });
  const args = ['--config', configFile, '--init', slot.kind, '--label', slot.label];
  const { code, output } = await runHouseProcess('keep', args, slot.secret);
  if (code !== 0) {
    if (!existsSync(join(keep.directory, STORE))) await rm(mark, { force: true });
    throw new Failure(code === 4 ? 'configuration' : 'refused', 'No store was made; the keep says why above.');
  }
  await rm(mark);
  return JSON.parse(output);
};
