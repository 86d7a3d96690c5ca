// Reads the URI by which phones take up a seed. Strict: what is there twice, or contradicts itself, is no credential.
// https://github.com/google/google-authenticator/wiki/Key-Uri-Format

import { fromBase32 } from '../base32.ts';
import { checkToken, nameFrom, type Token, TokenError } from './token.ts';

const decode = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TokenError('it is not percent-encoded as it should be');
  }
};

const parametersOf = (query: string): ReadonlyMap<string, string> => {
  const parameters = new Map<string, string>();
  for (const pair of query.split('&')) {
    const at = pair.indexOf('=');
    const name = decode(at < 0 ? pair : pair.slice(0, at)).toLowerCase();
    if (parameters.has(name)) throw new TokenError('a parameter stands there twice');
    parameters.set(name, at < 0 ? '' : decode(pair.slice(at + 1)));
  }
  return parameters;
};

/** Issuer and account of a label; the issuer may stand in front of it. */
export const splitLabel = (label: string, issuer: string): { readonly issuer: string; readonly account: string } => {
  const colon = label.indexOf(':');
  if (colon < 0) return { issuer, account: label.trim() };
  const prefix = label.slice(0, colon).trim();
  if (issuer !== '' && issuer !== prefix) throw new TokenError('its label names another issuer than its parameter');
  return { issuer: prefix, account: label.slice(colon + 1).trim() };
};

const numberOf = (text: string | undefined, otherwise: number): number =>
  text === undefined ? otherwise : /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;

const algorithms: Readonly<Record<string, Token['algorithm']>> = { SHA1: 'sha1', SHA256: 'sha256', SHA512: 'sha512' };

/** Reads one URI. Throws {@link TokenError}; the caller wipes the seed. */
export const parseOtpauthUri = (uri: string): Omit<Token, 'where'> => {
  const [, type = '', label = '', query = ''] = /^otpauth:\/\/([^/?#]*)\/([^?#]*)\?([^#]*)$/i.exec(uri) ?? [];
  const kind = type.toLowerCase();
  if (kind !== 'totp' && kind !== 'hotp') throw new TokenError('it is no otpauth URI of the type totp or hotp');
  const parameters = parametersOf(query);
  const { issuer, account } = splitLabel(decode(label), parameters.get('issuer')?.trim() ?? '');
  const algorithm = algorithms[(parameters.get('algorithm') ?? 'SHA1').toUpperCase().replace('-', '')];
  if (algorithm === undefined) throw new TokenError('its algorithm is not SHA1, SHA256 or SHA512');
  if (kind === 'hotp' && !parameters.has('counter')) throw new TokenError('it has no counter');
  const seed = fromBase32(parameters.get('secret') ?? '');
  if (seed === undefined) throw new TokenError('its secret is not Base32');
  return checkToken({
    kind,
    ...(account !== '' && { owner: account }),
    ids: [account],
    name: nameFrom(parameters.get('credential') ?? issuer),
    seed,
    algorithm,
    digits: numberOf(parameters.get('digits'), 6),
    periodSeconds: numberOf(parameters.get('period'), 30),
    counter: numberOf(parameters.get('counter'), 0),
  });
};
