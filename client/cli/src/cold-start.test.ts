// What a command loads decides how fast it starts. The bundle is made in memory as it is shipped, and its import graph read.

import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';

const bundle = async (): Promise<Metafile> => {
  const { metafile } = await build({
    entryPoints: [fileURLToPath(new URL('./main.ts', import.meta.url))],
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    external: ['koffi', 'sodium-native'],
    outdir: 'dist',
    write: false,
    metafile: true,
  });
  return metafile;
};

/** The packages of everything that is loaded before a command was chosen. */
const loadedAtStart = ({ outputs }: Metafile): Set<string> => {
  const packages = new Set<string>();
  const visit = (name: string, seen: Set<string>): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const input of Object.keys(outputs[name]?.inputs ?? {})) {
      packages.add(/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(input)?.[1] ?? 'our own');
    }
    for (const { path, kind, external } of outputs[name]?.imports ?? []) {
      if (kind === 'import-statement' && external !== true) visit(path, seen);
    }
  };
  const entry = Object.keys(outputs).find((name) => outputs[name]?.entryPoint?.endsWith('main.ts'));
  assert.ok(entry !== undefined);
  visit(entry, new Set());
  return packages;
};

test('help and version load nothing but our own tree and commander', async () => {
  assert.deepEqual([...loadedAtStart(await bundle())].toSorted(), ['commander', 'our own']);
});

test('OpenPGP is a piece of its own, loaded only by commands that encrypt', async () => {
  const { outputs } = await bundle();
  const holders = Object.values(outputs).filter(({ inputs }) =>
    Object.keys(inputs).some((name) => /\/openpgp\//.test(name)),
  );
  assert.equal(holders.length, 1);
});
