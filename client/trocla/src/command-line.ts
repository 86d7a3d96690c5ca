// Trocla's command line as Ruby's OptionParser reads it: options anywhere, long ones shortened while that is unambiguous, a lone
// short letter that means nothing taken for the beginning of a long one, `--` at the end.

/** What was asked for. */
export interface CommandLine {
  readonly words: readonly string[];
  readonly configFile?: string;
  readonly trace: boolean;
  readonly noFormat: boolean;
  /** `random` and `length`, where they were given. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Absent: ask for it. */
  readonly password?: { readonly kind: 'given'; readonly text: string } | { readonly kind: 'from-stdin' };
}

/** Something that ends the command at once. */
export type CommandLineEnd =
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly message: string };

type Option = 'version' | 'help' | 'config' | 'trace' | 'no-random' | 'no-format' | 'length' | 'password';

const takes: Readonly<Record<Option, 'nothing' | 'word' | 'maybe'>> = {
  version: 'nothing',
  help: 'nothing',
  config: 'word',
  trace: 'nothing',
  'no-random': 'nothing',
  'no-format': 'nothing',
  length: 'word',
  password: 'maybe',
};

const letters: Readonly<Record<string, Option>> = { V: 'version', v: 'version', h: 'help', c: 'config', p: 'password' };

class Wrong extends Error {}

const isOption = (name: string): name is Option => Object.hasOwn(takes, name);

const complete = (beginning: string, typed: string): Option => {
  if (isOption(beginning)) return beginning;
  const [found, second] = (Object.keys(takes) as Option[]).filter((name) => name.startsWith(beginning.toLowerCase()));
  if (found === undefined) throw new Wrong(`invalid option: ${typed}`);
  if (second !== undefined) throw new Wrong(`ambiguous option: ${typed}`);
  return found;
};

interface Found {
  readonly option: Option;
  readonly typed: string;
  /** What stands in the same word. */
  readonly attached?: string;
}

const findLong = (word: string): Found => {
  const [, name = '', attached] = /^--([^=]*)(?:=([\s\S]*))?$/.exec(word) ?? [];
  const option = complete(name, word);
  return { option, typed: `--${option}`, ...(attached !== undefined && { attached }) };
};

const findShort = (word: string): Found => {
  const [letter = '', rest] = [word[1], word.slice(2)];
  const known = Object.hasOwn(letters, letter) ? letters[letter] : undefined;
  if (known !== undefined) return { option: known, typed: `-${letter}`, ...(rest !== '' && { attached: rest }) };
  const option = complete(letter, word);
  const value = rest.startsWith('=') ? rest.slice(1) : rest;
  return { option, typed: `-${letter}`, ...(rest !== '' && { attached: value }) };
};

const findOption = (word: string): Found => (word.startsWith('--') ? findLong(word) : findShort(word));

/** Ruby's `to_i`. */
const lenientInteger = (text: string): number =>
  Number(/^\s*([-+]?\d+(?:_\d+)*)/.exec(text)?.[1]?.replaceAll('_', '') ?? 0);

/** The value of an option; takes it from the words that follow if it has to be there. */
const optionValue = ({ option, typed, attached }: Found, following: string[]): string | undefined => {
  const kind = takes[option];
  if (kind === 'nothing') {
    if (attached === undefined || letters[typed.slice(1)] === option) return undefined;
    throw new Wrong(
      typed.startsWith('--') ? `needless argument: ${typed}=${attached}` : `invalid option: -${attached}`,
    );
  }
  if (attached !== undefined) return attached;
  if (kind === 'maybe' && (following[0]?.startsWith('-') ?? true)) return undefined;
  const value = following.shift();
  if (value === undefined) throw new Wrong(`missing argument: ${typed}`);
  return value;
};

/**
 * Reads the words behind the command's name. `fileExists` is asked for every configuration file that is named;
 * `optionsFirst` is for `POSIXLY_CORRECT`.
 */
export const readCommandLine = (
  given: readonly string[],
  settings: { readonly fileExists: (file: string) => boolean; readonly optionsFirst: boolean },
): CommandLine | CommandLineEnd => {
  const rest = [...given];
  const words: string[] = [];
  const line: { -readonly [Name in keyof CommandLine]: CommandLine[Name] } = {
    words,
    trace: false,
    noFormat: false,
    options: {},
  };
  try {
    for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
      if (word === '--') break;
      if (!/^-./s.test(word)) {
        words.push(word);
        if (settings.optionsFirst) break;
        continue;
      }
      const found = findOption(word);
      const value = optionValue(found, rest);
      switch (found.option) {
        case 'version':
        case 'help':
          return { kind: found.option };
        case 'config':
          if (!settings.fileExists(value ?? '')) return { kind: 'wrong', message: `Cannot find config file: ${value}` };
          if (value !== undefined) line.configFile = value;
          break;
        case 'trace':
          line.trace = true;
          break;
        case 'no-random':
          line.options = { ...line.options, random: false };
          break;
        case 'no-format':
          line.noFormat = true;
          break;
        case 'length':
          line.options = { ...line.options, length: lenientInteger(value ?? '') };
          break;
        case 'password':
          line.password = value === undefined ? { kind: 'from-stdin' } : { kind: 'given', text: value };
      }
    }
  } catch (error) {
    if (error instanceof Wrong) return { kind: 'wrong', message: error.message };
    throw error;
  }
  return { ...line, words: [...words, ...rest] };
};
