// What the shared suite needs of an implementation: a new store for each test, and the same one opened again.

import type { TestContext } from 'node:test';
import type { Store } from '../store.ts';

export interface StoreUnderTest {
  /** A new, empty store. */
  readonly store: Store;
  /** Closes it and opens the same one again. */
  readonly reopen: () => Promise<Store>;
  /** Where a backup can be written: the name of a file that does not exist. */
  readonly backupPath: string;
  /** Opens a backup as a store. The suite closes it. */
  readonly openBackup: (path: string) => Promise<Store>;
}

/** Makes a new store; what it takes up is removed with `t.after`. */
export type MakeStore = (t: TestContext) => Promise<StoreUnderTest>;
