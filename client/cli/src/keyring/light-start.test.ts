// What a look-up loads decides how fast it starts: neither cryptography nor terminals, unless the lock or a terminal is meant.

import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Everything that is loaded with a file, before anything in it is called. */
const loadedWith = async (file: string): Promise<readonly string[]> => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL(file, import.meta.url))],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['koffi'],
    outdir: 'dist',
    write: false,
    metafile: true,
  });
  const loaded = new Set<string>();
  const visit = (name: string): void => {
    if (loaded.has(name)) return;
    loaded.add(name);
    for (const { path, kind } of metafile.outputs[name]?.imports ?? []) if (kind === 'import-statement') visit(path);
  };
  for (const [name, { entryPoint }] of Object.entries(metafile.outputs))
    if (entryPoint?.endsWith(file.slice(2))) visit(name);
  return [...loaded];
};

for (const file of ['./get.ts', './git-credential-main.ts']) {
  test(`${file} starts with files alone`, async () => {
    const builtIn = (await loadedWith(file)).filter((name) => name.startsWith('node:'));
    assert.deepEqual(builtIn.toSorted(), ['node:fs', 'node:module']);
  });
}
