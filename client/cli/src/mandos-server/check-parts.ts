// `mandos --check`: whether every part of the server starts here, with native code and settings. Nothing of the real
// configuration is read, as in Mandos.

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHouseProcess } from '../house/house-process.ts';
import { peersUsed } from './instance-directory.ts';

/** Gives the exit code; what is wrong is said by the part itself. */
export const checkParts = async (): Promise<number> => {
  const directory = await mkdtemp(join(tmpdir(), 'chatelaine-'));
  try {
    const file = join(directory, 'chatelaine.toml');
    await writeFile(file, 'purpose = "development"\n', { mode: 0o600 });
    for (const name of ['keep', ...peersUsed] as const) {
      if ((await runHouseProcess(name, ['--check-config', '--config', file])).code !== 0) return 1;
    }
    return 0;
  } finally {
    await rm(directory, { recursive: true });
  }
};
