// Chatelaine as it would be installed: launchers, bundles, the runtime and the two native packages, where every account may
// read them. A checkout may lie where only its owner can.

import { chmodSync, cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { runToSuccess } from './run-program.ts';
import type { Scratch } from './scratch.ts';

const root = path.join(import.meta.dirname, '..', '..');

/** A package and what it needs, as far as it is installed. */
const withDependencies = (name: string): readonly string[] => {
  const manifest = path.join(root, 'node_modules', name, 'package.json');
  if (!existsSync(manifest)) return [];
  const { dependencies = {}, optionalDependencies = {} } = JSON.parse(readFileSync(manifest, 'utf8'));
  return [name, ...Object.keys({ ...dependencies, ...optionalDependencies }).flatMap(withDependencies)];
};

/** Copies it into a directory of its own and gives that; `bin/` and `scripts/` are in it. */
export const installedCopy = async (scratch: Scratch): Promise<string> => {
  const place = scratch.directory();
  chmodSync(place, 0o755);
  for (const part of ['bin', 'dist', 'package.json', 'scripts/create-accounts', 'scripts/server']) {
    cpSync(path.join(root, part), path.join(place, part), { recursive: true });
  }
  for (const name of new Set(['koffi', 'sodium-native'].flatMap(withDependencies))) {
    cpSync(path.join(root, 'node_modules', name), path.join(place, 'node_modules', name), { recursive: true });
  }
  mkdirSync(path.join(place, 'runtime/node_modules/.bin'), { recursive: true });
  cpSync(process.execPath, path.join(place, 'runtime/node'));
  symlinkSync('../../node', path.join(place, 'runtime/node_modules/.bin/node'));
  await runToSuccess('chmod', ['-R', 'u=rwX,go=rX', place]);
  return place;
};
