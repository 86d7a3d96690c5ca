// What is said to the person at the console: always on stderr, a line each, at once. What a server or a file said is never part of
// it but in printable form.

import { writeSync } from 'node:fs';

/** Says a line. A console that takes nothing stops nobody. */
export const say = (line: string): void => {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is taken out
  const printable = line.replace(/[\u0000-\u001f\u007f-\u009f]/g, '?');
  try {
    writeSync(2, `chatelaine-unlock: ${printable}\n`);
  } catch {
    // There is nobody to tell.
  }
};
