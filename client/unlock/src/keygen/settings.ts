// The options of mandos-keygen, as far as they mean something here, and those of a rotation. mandos-keygen(8)

import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import type { KeyKind } from '@chatelaine/machine-keys';
import { type OptionForm, readOptions } from '../options/read-options.ts';
import { parseServerAddress, type ServerAddress } from '../options/server-address.ts';

export interface KeygenSettings {
  readonly directory: string;
  readonly name: string;
  readonly kind: KeyKind;
  readonly isForced: boolean;
  readonly isRotation: boolean;
  /** A password to encrypt; `-` is stdin. */
  readonly passwordFile?: string;
  readonly servers: readonly ServerAddress[];
}

export type ReadKeygen =
  | { readonly kind: 'settings'; readonly settings: KeygenSettings }
  | { readonly kind: 'help' }
  | { readonly kind: 'wrong'; readonly message: string };

const USUAL_DIRECTORY = '/etc/keys/mandos';
const OTHER_DIRECTORY = '/etc/mandos/keys';
const DEFAULT_RSA_BITS = 4_096;
const DAY_S = 86_400;

const forms: readonly OptionForm[] = [
  { name: 'dir', short: 'd', takesValue: true },
  { name: 'type', short: 't', takesValue: true },
  { name: 'length', short: 'l', takesValue: true },
  { name: 'subtype', short: 's', takesValue: true },
  { name: 'sublength', short: 'L', takesValue: true },
  { name: 'name', short: 'n', takesValue: true },
  { name: 'email', short: 'e', takesValue: true },
  { name: 'comment', short: 'c', takesValue: true },
  { name: 'expire', short: 'x', takesValue: true },
  { name: 'tls-keytype', short: 'T', takesValue: true },
  { name: 'force', short: 'f' },
  { name: 'passfile', short: 'F', takesValue: true },
  { name: 'no-ssh', short: 'S' },
  { name: 'rotate' },
  { name: 'connect', takesValue: true },
  { name: 'help', short: 'h' },
];

export const KEYGEN_HELP = `usage: chatelaine-unlock keygen [OPTION...]
       chatelaine-unlock keygen --passfile FILE [OPTION...]
       chatelaine-unlock keygen --rotate --connect ADDRESS:PORT[,...] [OPTION...]

Makes the keys that this machine asks for its disk password with: seckey.txt, pubkey.txt, tls-privkey.pem and tls-pubkey.pem, as
mandos-keygen does. With --passfile it encrypts a password with keys that are there and prints a section of clients.conf.

With --rotate it makes new keys beside the old ones, in DIR/next, and prints for each server a section to import there, with what that
server gives for the old keys encrypted for the new ones. Said again, it asks the servers with the new keys; when all of them
know them, it puts them in the place of the old ones, which stay in DIR/previous.

  -d, --dir DIR           where the keys are (default ${USUAL_DIRECTORY}, or ${OTHER_DIRECTORY})
  -n, --name NAME         the machine's name (default: its host name)
  -e, --email ADDRESS; -c, --comment TEXT; -x, --expire TIME   of the OpenPGP key; TIME is 0, or a number and d, w, m or y
  -t, --type TYPE         of the OpenPGP key: ECC (default) or RSA
  -l, --length BITS       of an RSA key (default ${DEFAULT_RSA_BITS})
  -T, --tls-keytype TYPE  ed25519 (default), ed448, ecdsa or rsa
  -f, --force             replace keys that are there
  -F, --passfile FILE     the bytes of FILE are the password; "-" is stdin
      --connect           the servers of a rotation
  -s, -L, -S              taken for mandos-keygen's sake
  -h, --help              this text
`;

const isLine = (text: string): boolean => /^[^\p{Cc}<>()]+$/u.test(text);

const expiryOf = (text: string): number | undefined => {
  if (text === 'never') return 0;
  const [, digits, unit = 'd'] = /^([0-9]{1,5})([dwmy])?$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  return Number(digits) * DAY_S * { d: 1, w: 7, m: 30, y: 365 }[unit as 'd' | 'w' | 'm' | 'y'];
};

const tlsTypes: Readonly<Record<string, NonNullable<KeyKind['tls']>>> = {
  ed25519: 'ed25519',
  ed448: 'ed448',
  ecdsa: 'ecdsa',
  ecc: 'ecdsa',
  rsa: 'rsa',
};

type Values = Readonly<Record<string, string | undefined>>;

const readKind = (values: Values): KeyKind | string => {
  const { email, comment } = values;
  const type = (values['type'] ?? 'ECC').toUpperCase();
  const bits = Number(
    /^[0-9]{1,5}$/.test(values['length'] ?? '')
      ? values['length']
      : values['length'] === undefined
        ? DEFAULT_RSA_BITS
        : 0,
  );
  const tls = tlsTypes[(values['tls-keytype'] ?? 'ed25519').toLowerCase()];
  const expiresInS = expiryOf(values['expire'] ?? '0');
  if (!['ECC', 'EDDSA', 'ECDH', 'RSA', '1'].includes(type))
    return '--type: must be ECC or RSA; mandos-keygen makes others';
  if (bits < 2_048 || bits > 8_192) return '--length: must be from 2048 to 8192';
  if (tls === undefined) return '--tls-keytype: must be ed25519, ed448, ecdsa or rsa';
  if (expiresInS === undefined) return '--expire: must be 0, or a number and d, w, m or y';
  if (email !== undefined && !/^[^\s<>()@]+@[^\s<>()@]+$/.test(email)) return '--email: must be an address';
  if (comment !== undefined && !isLine(comment)) return '--comment: must be one line, without parentheses';
  return {
    ...((type === 'RSA' || type === '1') && { rsaBits: bits }),
    tls,
    expiresInS,
    ...(email !== undefined && { email }),
    ...(comment !== undefined && { comment }),
  };
};

export const readKeygenSettings = (words: readonly string[]): ReadKeygen => {
  const read = readOptions(words, forms);
  if (read.kind === 'wrong') return read;
  const wrong = (message: string): ReadKeygen => ({ kind: 'wrong', message });
  const values: Values = Object.fromEntries(read.options.map(({ name, value }) => [name, value]));
  const has = (name: string): boolean => read.options.some((option) => option.name === name);
  if (has('help')) return { kind: 'help' };
  if (read.operands.length > 0) return wrong('there are too many arguments');
  const name = values['name'] ?? hostname();
  if (!isLine(name)) return wrong('--name: must be one line, without parentheses');
  const kind = readKind(values);
  if (typeof kind === 'string') return wrong(kind);
  const servers: ServerAddress[] = [];
  for (const { name: option, value = '' } of read.options) {
    if (option !== 'connect') continue;
    for (const text of value.split(',')) {
      const server = parseServerAddress(text);
      if (server === undefined) return wrong('--connect: must be a numeric address, a colon and a port');
      servers.push(server);
    }
  }
  const isRotation = has('rotate');
  if (isRotation && servers.length === 0)
    return wrong('--rotate: say with --connect which servers have to know the new keys');
  if (!isRotation && servers.length > 0) return wrong('--connect: belongs to --rotate');
  const passwordFile = values['passfile'];
  if (isRotation && passwordFile !== undefined)
    return wrong('--rotate gets the password from the servers, not from --passfile');
  const usual = existsSync(USUAL_DIRECTORY) || !existsSync(OTHER_DIRECTORY) ? USUAL_DIRECTORY : OTHER_DIRECTORY;
  return {
    kind: 'settings',
    settings: {
      directory: values['dir'] ?? usual,
      name,
      kind,
      isForced: has('force'),
      isRotation,
      servers,
      ...(passwordFile !== undefined && { passwordFile }),
    },
  };
};
