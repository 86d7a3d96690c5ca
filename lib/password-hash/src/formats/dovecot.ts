// `{SCHEME}value`: what Dovecot reads. Most values are those of other formats. Schemes for mechanisms that never see a
// password (CRAM-MD5, DIGEST-MD5, SCRAM) are neither made nor read. Dovecot, "Password schemes".

import { z } from 'zod';
import { verifyCrypt } from '../define-crypt-format.ts';
import { defineFormat } from '../define-format.ts';
import { digestOf } from '../digest.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { wholeNumber } from '../option-types.ts';
import type { Derived, DeriveRequest, FormatRefused, PasswordFormat, Verdict } from '../password-format.ts';
import { MAX_PBKDF2_ROUNDS, pbkdf2 } from '../pbkdf2.ts';
import { refuse } from '../refuse.ts';
import { alphanumericSalt } from '../salt.ts';
import { argon2 } from './argon2.ts';
import { bcrypt } from './bcrypt.ts';
import { gostyescrypt } from './gostyescrypt.ts';
import { md5crypt } from './md5crypt.ts';
import { scrypt } from './scrypt.ts';
import { sha1 } from './sha1.ts';
import { sha256 } from './sha256.ts';
import { sha256crypt } from './sha256crypt.ts';
import { sha512 } from './sha512.ts';
import { sha512crypt } from './sha512crypt.ts';
import { smd5 } from './smd5.ts';
import { ssha } from './ssha.ts';
import { ssha256 } from './ssha256.ts';
import { ssha512 } from './ssha512.ts';
import { yescrypt } from './yescrypt.ts';

/** What stands behind the braces of one scheme. */
interface Scheme {
  readonly derive?: (request: DeriveRequest) => Promise<Derived | FormatRefused>;
  readonly verify: (plain: Uint8Array, value: Buffer) => Promise<Verdict>;
  readonly needsRehash?: PasswordFormat['needsRehash'];
}

const verdict = (isMatch: boolean): Verdict => ({ kind: isMatch ? 'match' : 'mismatch' });

/** A format whose text has no braces of its own. */
const bare = (format: PasswordFormat, fixed: object = {}): Scheme => ({
  derive: (request) => format.derive({ ...request, options: { ...request.options, ...fixed } }),
  verify: async (plain, value) => (await format.verify?.(plain, value)) ?? refuse('not-this-format', 'Unknown value.'),
  needsRehash: format.needsRehash,
});

/** A format whose text begins with the same braces: they are taken off and put on again. A final newline goes. */
const braced = (format: PasswordFormat, name: string): Scheme => ({
  async derive(request) {
    const derived = await format.derive(request);
    if (derived.kind === 'refused') return derived;
    const text = Buffer.from(derived.value).toString('latin1').replaceAll('\n', '');
    return { kind: 'derived', value: Buffer.from(text.slice(name.length + 2), 'latin1') };
  },
  async verify(plain, value) {
    const whole = Buffer.concat([Buffer.from(`{${name}}`), value]);
    return (await format.verify?.(plain, whole)) ?? refuse('not-this-format', 'Unknown value.');
  },
});

const md5 = (encoding: 'hex' | 'base64'): Scheme => ({
  async verify(plain, value) {
    const expected = Buffer.from(value.toString('latin1'), encoding);
    return verdict(areEqualBytes(digestOf('md5', plain), expected));
  },
});

const PBKDF2_BYTES = 20;
const pbkdf2Rounds = wholeNumber(1_000, MAX_PBKDF2_ROUNDS).default(600_000);
const pbkdf2Form = /^\$1\$([^$]+)\$([1-9]\d{0,8})\$([0-9a-f]{40})$/;

const pbkdf2Sha1: Scheme = {
  async derive({ plain, random, options }) {
    const parsed = pbkdf2Rounds.safeParse(options['rounds']);
    if (!parsed.success) return refuse('invalid-option', 'rounds: must be a whole number from 1000', 'rounds');
    const rounds = parsed.data;
    const salt = alphanumericSalt(16, random);
    const hash = await pbkdf2(plain, { digest: 'sha1', rounds, salt, length: PBKDF2_BYTES });
    if ('kind' in hash) return hash;
    return { kind: 'derived', value: Buffer.from(`$1$${salt.toString('latin1')}$${rounds}$${hash.toString('hex')}`) };
  },
  async verify(plain, value) {
    const [, salt = '', rounds, expected = ''] = pbkdf2Form.exec(value.toString('latin1')) ?? [];
    if (rounds === undefined || Number(rounds) > MAX_PBKDF2_ROUNDS) {
      return refuse('not-this-format', 'This is no {PBKDF2} value.');
    }
    const parameters = {
      digest: 'sha1',
      rounds: Number(rounds),
      salt: Buffer.from(salt),
      length: PBKDF2_BYTES,
    } as const;
    const hash = await pbkdf2(plain, parameters);
    return 'kind' in hash ? hash : verdict(areEqualBytes(hash, Buffer.from(expected, 'hex')));
  },
};

const cleartext: Scheme = { verify: async (plain, value) => verdict(areEqualBytes(plain, value)) };
const cryptFormats = [yescrypt, gostyescrypt, scrypt, sha512crypt, sha256crypt, bcrypt, md5crypt];
/** The two methods with DES, which are no formats here. */
const desForm = /^(?:[./0-9A-Za-z]{13}|_[./0-9A-Za-z]{19})$/;

const anyCrypt: Scheme = {
  derive: (request) => yescrypt.derive(request),
  async verify(plain, value) {
    const stored = value.toString('latin1');
    if (desForm.test(stored)) return verifyCrypt(plain, stored);
    const found = cryptFormats.find((format) => format.recognizes(value));
    return (await found?.verify?.(plain, value)) ?? refuse('not-this-format', 'This is no hash of crypt(3).');
  },
};

const schemes: ReadonlyMap<string, Scheme> = new Map([
  ['BLF-CRYPT', bare(bcrypt, { variant: 'y' })],
  ['ARGON2ID', bare(argon2)],
  ['ARGON2I', { verify: bare(argon2).verify }],
  ['SHA512-CRYPT', bare(sha512crypt)],
  ['SHA256-CRYPT', bare(sha256crypt)],
  ['MD5-CRYPT', bare(md5crypt)],
  ['MD5', { verify: bare(md5crypt).verify }],
  ['CRYPT', anyCrypt],
  ['PBKDF2', pbkdf2Sha1],
  ['SSHA512', braced(ssha512, 'SSHA512')],
  ['SSHA256', braced(ssha256, 'SSHA256')],
  ['SSHA', braced(ssha, 'SSHA')],
  ['SMD5', braced(smd5, 'SMD5')],
  ['SHA512', braced(sha512, 'SHA512')],
  ['SHA256', braced(sha256, 'SHA256')],
  ['SHA', braced(sha1, 'SHA')],
  ['SHA1', { verify: braced(sha1, 'SHA').verify }],
  ['LDAP-MD5', md5('base64')],
  ['PLAIN-MD5', md5('hex')],
  ['PLAIN', cleartext],
  ['CLEAR', cleartext],
  ['CLEARTEXT', cleartext],
]);

const made = [...schemes].filter(([, scheme]) => scheme.derive).map(([name]) => name);

const form = /^\{([A-Z0-9-]+)(\.(?:HEX|B64|BASE64))?\}/i;

interface Stored {
  readonly name: string;
  readonly scheme: Scheme;
  readonly value: Buffer;
}

const read = (stored: Uint8Array): Stored | undefined => {
  const whole = Buffer.from(stored);
  const [braces = '', written = '', encoding] = form.exec(whole.toString('latin1')) ?? [];
  // What has no braces is crypt(3), unless Dovecot's configuration says otherwise.
  const name = braces === '' ? 'CRYPT' : written.toUpperCase();
  const scheme = schemes.get(name);
  const value = whole.subarray(braces.length);
  if (scheme === undefined) return undefined;
  const isHex = encoding?.toUpperCase() === '.HEX' && name !== 'PLAIN-MD5';
  return { name, scheme, value: isHex ? Buffer.from(Buffer.from(value.toString(), 'hex').toString('base64')) : value };
};

/** Dovecot, any scheme that sees a password. */
export const dovecot = defineFormat({
  name: 'dovecot',
  summary: `{SCHEME}…: Dovecot. Option: scheme (${made.join(', ')}; default BLF-CRYPT), and those of the scheme's format.`,
  isSlow: true,
  options: z.looseObject({
    scheme: z
      .string('must be a text')
      .transform((name) => name.toUpperCase())
      .pipe(z.enum(made, `must be one of ${made.join(', ')}`))
      .default('BLF-CRYPT'),
  }),
  async derive(request) {
    const { scheme: name, ...options } = request.options;
    const derived = await schemes.get(name)?.derive?.({ ...request, options });
    if (derived === undefined) throw new Error(`nothing derives ${name}`);
    if (derived.kind === 'refused') return derived;
    return { kind: 'derived', value: Buffer.concat([Buffer.from(`{${name}}`), derived.value]) };
  },
  async verify(plain, stored) {
    const kept = read(stored);
    if (!kept) return refuse('not-this-format', 'This scheme of Dovecot is not known, or never sees a password.');
    return kept.scheme.verify(plain, kept.value);
  },
  recognizes: (stored) => form.test(Buffer.from(stored).toString('latin1')) && read(stored) !== undefined,
  needsRehash(stored, { scheme: name, ...options }) {
    const kept = read(stored);
    return kept?.name !== name || (kept.scheme.needsRehash?.(kept.value, options) ?? false);
  },
});
