// Everything that is measured about passwords: hashes beside the C library, the trocla command beside Ruby's, reads
// through the API. Options are passed on.

import { spawnSync } from 'node:child_process';
import path from 'node:path';

const options = process.argv.slice(2);
for (const part of ['hash.ts', 'trocla.ts', 'server.ts']) {
  const { status } = spawnSync(process.execPath, [path.join(import.meta.dirname, part), ...options], {
    stdio: 'inherit',
  });
  if (status !== 0) process.exitCode = status ?? 1;
}
