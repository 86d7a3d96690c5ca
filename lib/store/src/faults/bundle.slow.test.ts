// The store in the form it is shipped in: one file for the process, one for its threads, beside each other.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { scratchDirectory } from '../scratch-store.ts';

it('finds its threads in a bundle, commits, and copies', async (t) => {
  const directory = scratchDirectory(t);
  const entry = join(directory, 'process.ts');
  const index = fileURLToPath(new URL('../index.ts', import.meta.url));
  writeFileSync(
    entry,
    `import { openSqliteStore } from ${JSON.stringify(index)};
     const store = await openSqliteStore({ path: ${JSON.stringify(join(directory, 'store.db'))}, create: true, purpose: 'development' });
     const bytes = new TextEncoder().encode('a');
     await store.commit({ conditions: [], puts: [{ key: bytes, value: bytes }], deletes: [], audit: [] });
     const { revision } = await store.backup(${JSON.stringify(join(directory, 'copy.db'))});
     await store.close();
     process.stdout.write(String(revision));`,
  );
  await build({
    entryPoints: { process: entry, 'store-writer': fileURLToPath(new URL('../writer.ts', import.meta.url)) },
    outdir: join(directory, 'dist'),
    bundle: true,
    platform: 'node',
    format: 'esm',
    outExtension: { '.js': '.js' },
  });
  writeFileSync(join(directory, 'dist', 'package.json'), '{"type":"module"}');
  const { stdout, stderr } = spawnSync(process.execPath, [join(directory, 'dist', 'process.js')], { encoding: 'utf8' });
  assert.equal(stdout, '1', stderr);
});
