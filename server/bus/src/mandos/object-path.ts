// The object path of a machine. As Mandos does it, `.` and `-` become `_`; whatever else a path cannot hold becomes `_` and two
// hexadecimal digits for each byte, since Mandos's own server ends at its start with such a name. Programs must go by the property
// Name: two names may want the same path.

import { createHash } from 'node:crypto';

const PREFIX = '/clients/';
const HASH_DIGITS = 12;

const encoder = new TextEncoder();

const escaped = (text: string): string =>
  Array.from(encoder.encode(text), (byte) => `_${byte.toString(16).padStart(2, '0')}`).join('');

/** The path that a name wants. */
const wantedPath = (name: string): string =>
  PREFIX + name.replaceAll(/[.-]/g, '_').replaceAll(/[^A-Za-z0-9_]+/g, escaped);

/** A path for a name: the one it wants, or if that is taken one that hardly any other name could want. */
export const objectPathOf = (name: string, isTaken: (path: string) => boolean): string => {
  let path = wantedPath(name);
  if (isTaken(path)) path += `_${createHash('sha256').update(name).digest('hex').slice(0, HASH_DIGITS)}`;
  while (isTaken(path)) path += '_';
  return path;
};
