// The registry: one line for each format. A format is a file of its own in `formats/`.

import { plain } from './formats/plain.ts';
import type { PasswordFormat } from './password-format.ts';

const all: readonly PasswordFormat[] = [plain];

/** Every format by its name, in the order of the names. */
export const formats: ReadonlyMap<string, PasswordFormat> = new Map(
  all.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((format) => [format.name, format]),
);

/** The formats whose form `stored` has; several where texts look alike, none for what is nothing but a password. */
export const identifyFormats = (stored: Uint8Array): readonly PasswordFormat[] =>
  [...formats.values()].filter((format) => format.recognizes(stored));
