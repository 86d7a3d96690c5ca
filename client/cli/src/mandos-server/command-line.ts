// The command line of Mandos's server, as Python's argparse reads it: values after a blank or "=", and long options by any
// beginning that only one of them has. mandos(8)

import { Failure } from '../failure.ts';

/** What was typed; what is absent is left to mandos.conf. */
export interface CommandLine {
  readonly help: boolean;
  readonly version: boolean;
  readonly check: boolean;
  readonly configdir: string;
  /** Options of mandos.conf, by their names there, as they would be written there. */
  readonly settings: ReadonlyMap<string, string>;
}

interface Option {
  readonly short?: string;
  /** What stands for its value in the usage; absent if it takes none. */
  readonly value?: string;
  /** The option of mandos.conf that it sets, and to what if it takes no value. */
  readonly sets?: readonly [name: string, word?: string];
  readonly about: string;
}

const options: Readonly<Record<string, Option>> = {
  help: { short: 'h', about: 'show this and exit' },
  version: { short: 'v', about: 'show the version and exit' },
  interface: { short: 'i', value: 'IF', sets: ['interface'], about: 'listen at the addresses of interface IF' },
  address: { short: 'a', value: 'ADDRESS', sets: ['address'], about: 'listen at this address' },
  port: { short: 'p', value: 'PORT', sets: ['port'], about: 'listen at this TCP port' },
  check: { about: 'check that this program and its parts work, and exit' },
  debug: { sets: ['debug', 'yes'], about: 'stay in the foreground and log everything to the terminal' },
  debuglevel: { value: 'LEVEL', sets: ['debuglevel'], about: 'CRITICAL, ERROR, WARNING, INFO or DEBUG' },
  priority: { value: 'STRING', sets: ['priority'], about: 'which TLS may be spoken, as GnuTLS writes it' },
  servicename: { value: 'NAME', sets: ['servicename'], about: 'name to announce on the local network' },
  configdir: { value: 'DIR', about: 'where mandos.conf and clients.conf are; /etc/mandos' },
  'no-dbus': { sets: ['use_dbus', 'no'], about: 'do not show the machines on the system bus' },
  'no-ipv6': { sets: ['use_ipv6', 'no'], about: 'listen to IPv4 only' },
  'no-restore': { sets: ['restore', 'no'], about: 'machines are as clients.conf has them, whatever was changed since' },
  statedir: { value: 'DIR', sets: ['statedir'], about: 'where state is kept; /var/lib/mandos' },
  socket: { value: 'FD', sets: ['socket'], about: 'not supported: name a port instead' },
  foreground: { sets: ['foreground', 'yes'], about: 'stay in the foreground' },
  'no-zeroconf': { sets: ['zeroconf', 'no'], about: 'do not announce the server on the local network' },
};

const shown = ([name, { short, value }]: readonly [string, Option]): string => {
  const word = value === undefined ? '' : ` ${value}`;
  return `${short === undefined ? '    ' : `-${short}, `}--${name}${word}`;
};

/** The text of `--help`. */
export const usage = (): string => {
  const lines = Object.entries(options).map((entry) => `  ${shown(entry).padEnd(26)}  ${entry[1].about}`);
  return `usage: mandos [OPTION]...

Serves the machines of clients.conf with their disk passwords, in the place of Mandos's own server.

${lines.join('\n')}

Long options may be shortened. What is not said here is taken from mandos.conf. SIGTERM or SIGHUP end it.
Exit codes: 0 ended as asked, 1 something is wrong, 2 wrong usage.
`;
};

const wrong = (text: string): Failure => new Failure('usage', text, 'See --help.');

/** The whole name of a long option. */
const longName = (typed: string): string => {
  if (Object.hasOwn(options, typed)) return typed;
  const meant = Object.keys(options).filter((name) => name.startsWith(typed));
  const [only] = meant;
  if (only === undefined) throw wrong(`There is no option --${typed}.`);
  if (meant.length > 1) throw wrong(`--${typed} may be any of --${meant.join(', --')}.`);
  return only;
};

/** One option and what came with it: `--name=value`, `-nvalue`, or nothing. */
const split = (word: string): readonly [name: string, attached: string | undefined] => {
  if (word.startsWith('--')) {
    const at = word.indexOf('=');
    return at < 0 ? [longName(word.slice(2)), undefined] : [longName(word.slice(2, at)), word.slice(at + 1)];
  }
  const found = Object.entries(options).find(([, { short }]) => short !== undefined && short === word[1]);
  if (found === undefined) throw wrong(`There is no option ${word.slice(0, 2)}.`);
  return [found[0], word.length > 2 ? word.slice(2).replace(/^=/, '') : undefined];
};

const isOption = (word: string): boolean => /^-./s.test(word) && !/^-\d+$/.test(word);

/** Reads it. Throws a {@link Failure} that says what is wrong. */
export const readCommandLine = (words: readonly string[]): CommandLine => {
  const seen = new Set<string>();
  const settings = new Map<string, string>();
  let configdir = '/etc/mandos';
  for (let index = 0; index < words.length; index++) {
    const word = words[index] ?? '';
    if (!isOption(word) || word === '--') throw wrong(`"${word}" is no option.`);
    const [name, attached] = split(word);
    const { value: takes, sets } = options[name] ?? { about: '' };
    if (takes === undefined && attached !== undefined) throw wrong(`--${name} takes no value.`);
    let value = attached;
    if (takes !== undefined && value === undefined) {
      value = words[++index];
      if (value === undefined || isOption(value)) throw wrong(`--${name} needs a value: ${takes}.`);
    }
    if ((name === 'port' || name === 'socket') && !/^\d{1,9}$/.test(value ?? '')) {
      throw wrong(`--${name} must be a whole number.`);
    }
    seen.add(name);
    if (name === 'configdir') configdir = value ?? '';
    if (sets !== undefined) settings.set(sets[0], sets[1] ?? value ?? '');
  }
  return { help: seen.has('help'), version: seen.has('version'), check: seen.has('check'), configdir, settings };
};
