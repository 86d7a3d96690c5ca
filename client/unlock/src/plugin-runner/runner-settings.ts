// What the plugin runner is told, by its file and then by its command line, as Mandos's plugin-runner(8mandos) reads them.

import { type OptionForm, readOptions } from '../options/read-options.ts';

/** What one plugin, or every plugin, is given. */
interface PluginSettings {
  readonly options: string[];
  /** `NAME=value`, the later one of a name wins. */
  readonly environment: string[];
}

/** Everything it is told. */
export interface RunnerSettings {
  pluginDir: string;
  helperDir: string;
  configFile: string;
  uid: number;
  gid: number;
  debug: boolean;
  /** What is to be said before it begins. */
  readonly warnings: string[];
  readonly disabled: Set<string>;
  readonly everyPlugin: PluginSettings;
  readonly byPlugin: Map<string, PluginSettings>;
}

/** An option that is wrong. */
interface WrongSetting {
  readonly kind: 'wrong';
  /** Where it stands. */
  readonly place: 'command line' | 'file';
  readonly text: string;
}

/** What it is to do. */
export type RunnerOrder =
  | { readonly kind: 'run'; readonly settings: RunnerSettings }
  | { readonly kind: 'help' | 'version' }
  | WrongSetting;

/** Where plugins are if nothing else is said; in an initramfs it belongs to root, and is given to the plugins' account. */
export const DEFAULT_PLUGIN_DIR = '/lib/mandos/plugins.d';

/** Nobody is asked if no plugin has the password. Ours alone, and only on the command line. */
export const NO_PROMPT = 'no-prompt';

const forms: readonly OptionForm[] = [
  { name: 'global-options', short: 'g', takesValue: true },
  { name: 'global-env', short: 'G', takesValue: true },
  { name: 'options-for', short: 'o', takesValue: true },
  { name: 'env-for', short: 'E', takesValue: true },
  { name: 'disable', short: 'd', takesValue: true },
  { name: 'enable', short: 'e', takesValue: true },
  { name: 'groupid', takesValue: true },
  { name: 'userid', takesValue: true },
  { name: 'plugin-dir', takesValue: true },
  { name: 'plugin-helper-dir', takesValue: true },
  { name: 'config-file', takesValue: true },
  { name: 'debug' },
  { name: NO_PROMPT },
  { name: 'help', short: '?' },
  { name: 'usage' },
  { name: 'version', short: 'V' },
];

const NOBODY = 65_534;
const MAX_ID = 4_294_967_294;

const defaults = (): RunnerSettings => ({
  pluginDir: DEFAULT_PLUGIN_DIR,
  helperDir: '/lib/mandos/plugin-helpers',
  configFile: '/conf/conf.d/mandos/plugin-runner.conf',
  uid: NOBODY,
  gid: NOBODY,
  debug: false,
  warnings: [],
  disabled: new Set(),
  everyPlugin: { options: [], environment: [] },
  byPlugin: new Map(),
});

const settingsOf = ({ byPlugin }: RunnerSettings, plugin: string): PluginSettings => {
  const found = byPlugin.get(plugin) ?? { options: [], environment: [] };
  byPlugin.set(plugin, found);
  return found;
};

const list = (value: string): readonly string[] => value.split(',').filter((word) => word !== '');

/** A value that begins with the name of a plugin, or what is wrong with it. */
const forPlugin = (option: string, value: string): readonly [plugin: string, rest: string] | string => {
  const at = value.indexOf(':');
  if (at <= 0) return `--${option} needs a plugin's name and a colon before "${value}"`;
  return [value.slice(0, at), value.slice(at + 1)];
};

/** As Mandos: what is no number leaves the default, which may do the least of all. */
const readId = (settings: RunnerSettings, option: string, value: string): number => {
  const id = Number(value);
  if (/^\d+$/.test(value) && id <= MAX_ID) return id;
  settings.warnings.push(`--${option} must be a number, not "${value}": ${NOBODY} is taken`);
  return NOBODY;
};

type Setter = (settings: RunnerSettings, value: string, option: string) => string | undefined;

const needsEquals = (option: string, value: string): string | undefined =>
  value.indexOf('=') > 0 ? undefined : `--${option} needs NAME=VALUE, not "${value}"`;

/** What each option does; gives what is wrong with its value. */
const setters: Readonly<Record<string, Setter>> = {
  'global-options': (settings, value) => void settings.everyPlugin.options.push(...list(value)),
  'global-env': (settings, value, option) => {
    settings.everyPlugin.environment.push(value);
    return needsEquals(option, value);
  },
  'options-for': (settings, value, option) => {
    const found = forPlugin(option, value);
    if (typeof found === 'string') return found;
    settingsOf(settings, found[0]).options.push(...list(found[1]));
    return undefined;
  },
  'env-for': (settings, value, option) => {
    const found = forPlugin(option, value);
    if (typeof found === 'string') return found;
    settingsOf(settings, found[0]).environment.push(found[1]);
    return needsEquals(option, found[1]);
  },
  disable: (settings, value) => void settings.disabled.add(value),
  enable: (settings, value) => void settings.disabled.delete(value),
  groupid: (settings, value, option) => {
    settings.gid = readId(settings, option, value);
    return undefined;
  },
  userid: (settings, value, option) => {
    settings.uid = readId(settings, option, value);
    return undefined;
  },
  'plugin-dir': (settings, value) => {
    settings.pluginDir = value;
    return undefined;
  },
  'plugin-helper-dir': (settings, value) => {
    settings.helperDir = value;
    return undefined;
  },
  'config-file': (settings, value) => {
    settings.configFile = value;
    return undefined;
  },
  debug: (settings) => {
    settings.debug = true;
    return undefined;
  },
  // Counts whatever else is wrong, and so is looked for before anything is read.
  [NO_PROMPT]: () => undefined,
};

/** The words of the file: separated by white space, without quoting; a `#` makes the rest of its line a comment. */
const wordsOf = (text: string): readonly string[] =>
  text
    .split('\n')
    .flatMap((line) => line.replace(/#.*$/s, '').split(/[ \t\r\f\v]+/))
    .filter((word) => word !== '');

type Applied = 'done' | 'help' | 'version' | { readonly text: string };

const questions: Readonly<Record<string, 'help' | 'version'>> = { help: 'help', usage: 'help', version: 'version' };

const apply = (settings: RunnerSettings, words: readonly string[], skipped: readonly string[] = []): Applied => {
  const read = readOptions(words, forms);
  if (read.kind === 'wrong') return { text: read.message };
  for (const { name, value = '' } of read.options) {
    const question = questions[name];
    if (question !== undefined) return question;
    if (skipped.includes(name)) continue;
    const text = setters[name]?.(settings, value, name);
    if (text !== undefined) return { text };
  }
  // cryptsetup gives its keyscripts an empty word where there is no key.
  const word = read.operands.find((each) => each !== '');
  return word === undefined ? 'done' : { text: `"${word}" is no option` };
};

/** The text of `--help`. */
export const RUNNER_HELP = `usage: chatelaine-unlock plugin-runner [OPTION...]

Runs the programs of a directory at once, and prints what the first of them prints that succeeds: the password of a disk.

  -g, --global-options OPTION[,...]         give these to every plugin
  -o, --options-for PLUGIN:OPTION[,...]     give these to that plugin
  -G, --global-env NAME=VALUE               set this in the environment of every plugin
  -E, --env-for PLUGIN:NAME=VALUE           set this in the environment of that plugin
  -d, --disable PLUGIN                      do not start that plugin
  -e, --enable PLUGIN                       start it after all
      --userid NUMBER, --groupid NUMBER     whom plugins run as (default 65534)
      --plugin-dir DIRECTORY                (default ${DEFAULT_PLUGIN_DIR})
      --plugin-helper-dir DIRECTORY         (default /lib/mandos/plugin-helpers)
      --config-file FILE                    more options (default /conf/conf.d/mandos/plugin-runner.conf)
      --debug                               say what is done
      --no-prompt                           if no plugin has the password, end with 1 and ask nobody
  -?, --help; --usage; -V, --version

The file holds the same options, separated by blanks, with comments after "#". If no plugin has the password, it is asked for.
Exit codes: 0 printed, typed passwords too; 64 wrong option, 78 wrong option in the file, 69 no plugin directory, 71 the system
failed, for all of which what was typed is printed; 74 it could not be printed or read.
`;

/**
 * Puts the file and the command line together; what the command line says wins.
 *
 * @param readFile the text of a file, `undefined` if there is none
 */
export const readRunnerOrder = (
  words: readonly string[],
  readFile: (path: string) => string | undefined,
): RunnerOrder => {
  // Once before, for the place of the file alone.
  const place = defaults();
  const early = apply(place, words);
  if (typeof early === 'object') return { kind: 'wrong', place: 'command line', text: early.text };
  if (early !== 'done') return { kind: early };

  const settings = defaults();
  const text = readFile(place.configFile);
  if (text !== undefined) {
    const inFile = apply(settings, wordsOf(text), ['config-file']);
    if (typeof inFile === 'object')
      return { kind: 'wrong', place: 'file', text: `${place.configFile}: ${inFile.text}` };
    if (inFile !== 'done')
      return { kind: 'wrong', place: 'file', text: `${place.configFile}: --${inFile} is for a person` };
  }
  apply(settings, words);
  return { kind: 'run', settings };
};
