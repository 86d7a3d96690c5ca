// The test vectors of a package, by its place in the checkout.

import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..', '..');

/** The vectors in one file. */
export const vectorsIn = <T>(file: string): T => JSON.parse(readFileSync(path.join(root, file), 'utf8')) as T;

/** The names of the files of vectors in a directory. */
export const vectorFiles = (directory: string): readonly string[] =>
  readdirSync(path.join(root, directory))
    .sort()
    .map((name) => path.join(directory, name));
