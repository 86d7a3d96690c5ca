// The options of a new password, from the words of the command line.

import { Failure } from '../failure.ts';
import { parseDurationOption } from '../machine/duration-option.ts';

export interface OptionWords {
  readonly length?: string;
  readonly charset?: string;
  readonly profile?: readonly string[];
  readonly expires?: string;
  readonly random?: boolean;
  readonly hashOnly?: boolean;
  readonly option?: readonly string[];
}

const MS_PER_SECOND = 1_000;

const lengthOf = (text: string): number => {
  if (/^[1-9][0-9]{0,5}$/.test(text)) return Number(text);
  throw new Failure('usage', '--length is not a number from 1 to 999999.');
};

/** JSON as the value that it stands for, anything else as a text. */
const looseValue = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const namedOption = (word: string): readonly [string, unknown] => {
  const at = word.indexOf('=');
  if (at < 1) throw new Failure('usage', '--option is not NAME=VALUE.', 'Write it like --option cost=12');
  return [word.slice(0, at), looseValue(word.slice(at + 1))];
};

/** As the keep takes them. */
export const optionsOf = (words: OptionWords): Record<string, unknown> => ({
  ...(words.profile !== undefined && words.profile.length > 0 && { profiles: [...words.profile] }),
  ...(words.length !== undefined && { length: lengthOf(words.length) }),
  ...(words.charset !== undefined && { charset: words.charset }),
  ...(words.expires !== undefined && {
    expires: words.expires === 'never' ? null : parseDurationOption(words.expires, '--expires') / MS_PER_SECOND,
  }),
  ...(words.random === false && { random: false }),
  ...(words.hashOnly === true && { hash_only: true }),
  ...Object.fromEntries((words.option ?? []).map(namedOption)),
});
