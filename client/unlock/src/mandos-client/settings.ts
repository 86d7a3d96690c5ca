// The options of mandos-client, as it reads them; those that mean nothing with TLS 1.3 are taken and left alone.
// mandos-client(8mandos)

import { type OptionForm, readOptions } from '../options/read-options.ts';
import { parseServerAddress, type ServerAddress } from '../options/server-address.ts';

export interface Settings {
  /** Empty: servers are looked for on the network. */
  readonly servers: readonly ServerAddress[];
  /** Names of interfaces; absent: all that are suitable. */
  readonly interfaces?: readonly string[];
  /** Whether `none` was among them: nothing but those named is brought up, and none is needed. */
  readonly noInterface: boolean;
  readonly secretKeyFile: string;
  readonly tlsPublicKeyFile: string;
  readonly tlsPrivateKeyFile: string;
  /** A GnuTLS priority string; absent: Mandos's own. */
  readonly priority?: string;
  /** Longest wait for an interface to come up. */
  readonly delayMs: number;
  /** Between two tries of one server. */
  readonly retryMs: number;
  readonly hookDirectory: string;
  readonly debug: boolean;
}

export type ReadSettings =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  | { readonly kind: 'wrong'; readonly message: string };

const DIRECTORY = '/conf/conf.d/mandos';
const LONGEST_WAIT_S = 86_400;
/** Whoever says 0 shall not keep a processor busy. */
const SHORTEST_RETRY_MS = 100;

const forms: readonly OptionForm[] = [
  { name: 'connect', short: 'c', takesValue: true },
  { name: 'interface', short: 'i', takesValue: true },
  { name: 'pubkey', short: 'p', takesValue: true },
  { name: 'seckey', short: 's', takesValue: true },
  { name: 'tls-pubkey', short: 'T', takesValue: true },
  { name: 'tls-privkey', short: 't', takesValue: true },
  { name: 'priority', takesValue: true },
  { name: 'dh-bits', takesValue: true },
  { name: 'dh-params', takesValue: true },
  { name: 'delay', takesValue: true },
  { name: 'retry', takesValue: true },
  { name: 'network-hook-dir', takesValue: true },
  { name: 'debug' },
  { name: 'help', short: '?' },
  { name: 'usage' },
  { name: 'version', short: 'V' },
];

export const MANDOS_CLIENT_HELP = `usage: chatelaine-unlock [OPTION...]
       chatelaine-unlock COMMAND [OPTION...]

Gets the disk password of this machine from a Mandos server and prints it, to its last byte; never gives up. Without
--connect the servers of the local network are found by multicast DNS.

  -c, --connect ADDRESS:PORT[,...]   a server; may be repeated: all are asked at once, and the first good answer is taken
  -i, --interface NAME[,...]         interfaces to bring up; "none" for no other (default: all that are suitable)
  -s, --seckey FILE                  the OpenPGP secret key (default ${DIRECTORY}/seckey.txt)
  -p, --pubkey FILE                  not needed, taken for mandos-client's sake
  -T, --tls-pubkey FILE              the TLS key (default ${DIRECTORY}/tls-pubkey.pem)
  -t, --tls-privkey FILE             its private half (default ${DIRECTORY}/tls-privkey.pem)
      --priority STRING              for GnuTLS (default: Mandos's)
      --delay SECONDS                longest wait for an interface to come up (default 2.5)
      --retry SECONDS                between two tries of one server (default 10)
      --network-hook-dir DIR         programs that bring the network up (default /lib/mandos/network-hooks.d)
      --dh-bits BITS, --dh-params FILE   mean nothing with TLS 1.3
      --debug                        say every step; never a secret
  -?, --help; --usage; -V, --version
`;

const secondsOf = (text: string): number | undefined => {
  const seconds = /^(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(text) ? Number(text) : Number.NaN;
  return seconds <= LONGEST_WAIT_S ? seconds : undefined;
};

type Values = Partial<Record<string, string>>;

const readServers = (connect: readonly string[]): readonly ServerAddress[] | string => {
  const servers: ServerAddress[] = [];
  for (const text of connect.flatMap((value) => value.split(','))) {
    const server = parseServerAddress(text);
    if (server === undefined) return '--connect: must be a numeric address, a colon and a port';
    servers.push(server);
  }
  return servers;
};

const readInterfaces = (given: readonly string[]): Pick<Settings, 'interfaces' | 'noInterface'> => {
  if (given.length === 0) return { noInterface: false };
  const names = given.flatMap((value) => value.split(',')).filter((name) => name !== '');
  const end = names.indexOf('none');
  const interfaces = [...new Set(end < 0 ? names : names.slice(0, end))];
  return { interfaces, noInterface: end >= 0 };
};

const lastOf = (values: Values, name: string, otherwise: string): string => values[name] ?? otherwise;

/** Reads what stands behind the program's name. */
export const readSettings = (words: readonly string[]): ReadSettings => {
  const read = readOptions(words, forms);
  if (read.kind === 'wrong') return read;
  const of = (name: string): string[] =>
    read.options.filter((option) => option.name === name).map(({ value = '' }) => value);
  const values: Values = Object.fromEntries(read.options.map(({ name, value }) => [name, value]));
  if (of('help').length > 0 || of('usage').length > 0) return { kind: 'help' };
  if (of('version').length > 0) return { kind: 'version' };
  // No operand is known, but for what plugin runners pass along by mistake.
  if (read.operands.some((operand) => operand !== ''))
    return { kind: 'wrong', message: 'there are too many arguments' };
  const servers = readServers(of('connect'));
  if (typeof servers === 'string') return { kind: 'wrong', message: servers };
  const delay = secondsOf(lastOf(values, 'delay', '2.5'));
  const retry = secondsOf(lastOf(values, 'retry', '10'));
  if (delay === undefined) return { kind: 'wrong', message: '--delay: must be a number of seconds' };
  if (retry === undefined) return { kind: 'wrong', message: '--retry: must be a number of seconds' };
  if (!/^[0-9]+$/.test(lastOf(values, 'dh-bits', '0')))
    return { kind: 'wrong', message: '--dh-bits: must be a number' };
  const { priority } = values;
  return {
    kind: 'settings',
    settings: {
      servers,
      ...readInterfaces(of('interface')),
      secretKeyFile: lastOf(values, 'seckey', `${DIRECTORY}/seckey.txt`),
      tlsPublicKeyFile: lastOf(values, 'tls-pubkey', `${DIRECTORY}/tls-pubkey.pem`),
      tlsPrivateKeyFile: lastOf(values, 'tls-privkey', `${DIRECTORY}/tls-privkey.pem`),
      ...(priority !== undefined && { priority }),
      delayMs: Math.round(delay * 1_000),
      retryMs: Math.max(SHORTEST_RETRY_MS, Math.round(retry * 1_000)),
      hookDirectory: lastOf(values, 'network-hook-dir', '/lib/mandos/network-hooks.d'),
      debug: of('debug').length > 0,
    },
  };
};
