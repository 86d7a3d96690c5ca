// How the included plugins read their options. Whoever runs them waits for a password: help is no success.

import { EndedError, exitCode } from './exit-code.ts';
import { type OptionForm, readOptions } from './options/read-options.ts';

/** Taken by every plugin, and without a meaning here. */
const ignored: readonly OptionForm[] = [{ name: 'debug' }];

/**
 * The values by their names, the last of each.
 *
 * @throws {EndedError} that says what is wrong, or is the help.
 */
export const readPluginOptions = (
  words: readonly string[],
  forms: readonly OptionForm[],
  help: string,
): ReadonlyMap<string, string> => {
  const read = readOptions(words, [...forms, ...ignored, { name: 'help', short: '?' }]);
  if (read.kind === 'wrong') throw new EndedError(exitCode.usage, read.message);
  const [operand] = read.operands;
  if (operand !== undefined) throw new EndedError(exitCode.usage, `"${operand}" is no option`);
  const given = new Map(read.options.map(({ name, value = '' }) => [name, value]));
  if (given.has('help')) {
    process.stderr.write(help);
    throw new EndedError(exitCode.usage, 'no password was asked for');
  }
  return given;
};
