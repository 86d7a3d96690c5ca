// Our side of the bench: a plain `chatelaine dev`, with a fleet enrolled through the command line as a person would.

import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type DevInstance, startDevInstance } from '../../test/support/dev-instance.ts';
import { freePort } from '../../test/support/free-port.ts';
import type { Scratch } from '../../test/support/scratch.ts';
import type { Fleet } from './fleet.ts';

const STANZAS_PER_FILE = 5_000;
const IMPORT_PATIENCE_MS = 300_000;

/** Starts an instance in which every machine of `fleet` is enrolled and enabled. */
export const startChatelaine = async (scratch: Scratch, fleet: Fleet): Promise<DevInstance> => {
  const instance = await startDevInstance(scratch, { mandosPort: await freePort() });
  const file = path.join(scratch.directory(), 'clients.conf');
  for (let at = 0; at < fleet.stanzas.length; at += STANZAS_PER_FILE) {
    writeFileSync(file, fleet.stanzas.slice(at, at + STANZAS_PER_FILE).join('\n'), { mode: 0o600 });
    await instance.run(['machine', 'import', file], { patienceMs: IMPORT_PATIENCE_MS });
  }
  return instance;
};
