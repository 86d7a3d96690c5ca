// Reads `otpauth-migration://offline?data=…`, as Google Authenticator shows it to move accounts to another phone: a Protocol Buffers
// message, of which only numbers and byte strings occur. https://protobuf.dev/programming-guides/encoding/

import { splitLabel } from './parse-otpauth-uri.ts';
import { checkToken, nameFrom, type Token, TokenError } from './token.ts';

interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

const MALFORMED = 'its data is cut off or malformed';

/** The fields of a message, in their order. */
function* fieldsOf(message: Buffer): Generator<Field> {
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = message[at++];
      if (byte === undefined) break;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new TokenError(MALFORMED);
  };
  while (at < message.length) {
    const tag = varint();
    const number = Number(tag >> 3n);
    if ((tag & 7n) === 0n) yield { number, value: varint() };
    else if ((tag & 7n) === 2n) {
      const size = Number(varint());
      if (size > message.length - at) throw new TokenError(MALFORMED);
      yield { number, value: message.subarray(at, at + size) };
      at += size;
    } else throw new TokenError(MALFORMED);
  }
}

const numberIn = (value: Field['value']): number => (typeof value === 'bigint' ? Number(value) : Number.NaN);
const textIn = (value: Field['value']): string => (typeof value === 'bigint' ? '' : value.toString('utf8'));

const algorithms: readonly (Token['algorithm'] | undefined)[] = ['sha1', 'sha1', 'sha256', 'sha512'];
const digitCounts = [6, 6, 8];
const kinds: readonly (Token['kind'] | undefined)[] = [undefined, 'hotp', 'totp'];

const readAccount = (message: Buffer): Omit<Token, 'where'> => {
  let [seed, label, issuer] = [Buffer.alloc(0), '', ''];
  let [algorithm, digits, type, counter] = [0, 0, 0, 0];
  for (const { number, value } of fieldsOf(message)) {
    if (number === 1 && typeof value !== 'bigint') seed = Buffer.from(value);
    if (number === 2) label = textIn(value);
    if (number === 3) issuer = textIn(value).trim();
    if (number === 4) algorithm = numberIn(value);
    if (number === 5) digits = numberIn(value);
    if (number === 6) type = numberIn(value);
    if (number === 7) counter = numberIn(value);
  }
  const [hash, kind] = [algorithms[algorithm], kinds[type]];
  if (hash === undefined) throw new TokenError('its algorithm is not SHA1, SHA256 or SHA512');
  if (kind === undefined) throw new TokenError('it counts neither by time nor by counter');
  const split = splitLabel(label, issuer);
  return checkToken({
    kind,
    ...(split.account !== '' && { owner: split.account }),
    ids: [split.account],
    ...{
      name: nameFrom(split.issuer),
      seed,
      algorithm: hash,
      digits: digitCounts[digits] ?? 0,
      periodSeconds: 30,
      counter,
    },
  });
};

/** Whether a line is such a URI. */
export const isMigrationUri = (uri: string): boolean => /^otpauth-migration:/i.test(uri);

/** Reads every account of one URI. Throws {@link TokenError}; the caller wipes the seeds. */
export const parseMigrationUri = (uri: string): readonly Omit<Token, 'where'>[] => {
  const [, data] = /^otpauth-migration:\/\/offline\/?\?data=([^&#]+)$/i.exec(uri) ?? [];
  const base64 = data?.replaceAll(/%2b/gi, '+').replaceAll(/%2f/gi, '/').replaceAll(/%3d/gi, '=');
  if (base64 === undefined || !/^[A-Za-z0-9+/]+={0,2}$/.test(base64)) throw new TokenError('its data is not Base64');
  const message = Buffer.from(base64, 'base64');
  try {
    const accounts: Omit<Token, 'where'>[] = [];
    for (const { number, value } of fieldsOf(message)) {
      if (number === 1 && typeof value !== 'bigint') accounts.push(readAccount(value));
    }
    return accounts;
  } finally {
    message.fill(0);
  }
};
