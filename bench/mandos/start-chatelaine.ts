// Our side of the bench: a plain `chatelaine dev`, with a fleet enrolled through the command line as a person would.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type DevInstance, startDevInstance } from '../../test/support/dev-instance.ts';
import { freePort } from '../../test/support/free-port.ts';
import type { Scratch } from '../../test/support/scratch.ts';
import type { Fleet } from './fleet.ts';

const STANZAS_PER_FILE = 2_500;
const IMPORTS_AT_ONCE = 4;
const IMPORT_PATIENCE_MS = 300_000;

/** Starts an instance in which every machine of `fleet` is enrolled and enabled. */
export const startChatelaine = async (scratch: Scratch, fleet: Fleet): Promise<DevInstance> => {
  const instance = await startDevInstance(scratch, { mandosPort: await freePort() });
  const directory = scratch.directory();
  let next = 0;
  // A few at a time: their commits share an fsync.
  const importRest = async (): Promise<void> => {
    while (next < fleet.stanzas.length) {
      const stanzas = fleet.stanzas.slice(next, next + STANZAS_PER_FILE);
      const file = path.join(directory, `clients${next}.conf`);
      next += STANZAS_PER_FILE;
      writeFileSync(file, stanzas.join('\n'), { mode: 0o600 });
      await instance.run(['machine', 'import', file], { patienceMs: IMPORT_PATIENCE_MS });
    }
  };
  await Promise.all(Array.from({ length: IMPORTS_AT_ONCE }, importRest));
  return instance;
};
