// What every store promises, as tests: a new implementation runs this suite and owes nothing else. Each test names a promise.

import { describe } from 'node:test';
import { auditPromises } from './conformance/audit-promises.ts';
import { commitPromises } from './conformance/commit-promises.ts';
import { historyPromises } from './conformance/history-promises.ts';
import { modelPromises } from './conformance/model-promises.ts';
import type { MakeStore } from './conformance/store-under-test.ts';

export type { MakeStore, StoreUnderTest } from './conformance/store-under-test.ts';

/**
 * Declares the tests of the shared suite for one implementation.
 *
 * ```ts
 * storeConformance('etcd', async (t) => ({ store, reopen, backupPath, openBackup }));
 * ```
 */
export const storeConformance = (name: string, make: MakeStore): void => {
  describe(`${name} keeps what every store promises`, () => {
    commitPromises(make);
    historyPromises(make);
    auditPromises(make);
    modelPromises(make);
  });
};
