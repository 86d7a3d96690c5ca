// PostgreSQL's two kinds of stored passwords: SCRAM-SHA-256 (RFC 5803, RFC 7677), and MD5 with the account's name for salt.
// PostgreSQL, "Password Authentication" and pg_authid.

import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { defineFormat } from '../define-format.ts';
import { digestOf } from '../digest.ts';
import { areEqualBytes } from '../equal-bytes.ts';
import { text, wholeNumber } from '../option-types.ts';
import type { FormatRefused } from '../password-format.ts';
import { MAX_PBKDF2_ROUNDS, pbkdf2 } from '../pbkdf2.ts';
import { refuse } from '../refuse.ts';
import { randomBytes } from '../salt.ts';
import { saslprep } from '../saslprep.ts';
import { wipe } from '../wipe.ts';

const DEFAULT_ROUNDS = 4_096;
const SALT_BYTES = 16;
const KEY_BYTES = 32;

const scramForm = /^SCRAM-SHA-256\$([1-9]\d{0,8}):([+/0-9A-Za-z]+=*)\$([+/0-9A-Za-z]{43}=):([+/0-9A-Za-z]{43}=)$/;
const md5Form = /^md5[0-9a-f]{32}$/;

interface ScramVerifier {
  readonly rounds: number;
  readonly salt: Buffer;
  readonly storedKey: Buffer;
  readonly serverKey: Buffer;
}

type ScramKeys = Pick<ScramVerifier, 'storedKey' | 'serverKey'>;

const readScram = (whole: string): ScramVerifier | undefined => {
  const [, rounds, salt = '', storedKey = '', serverKey = ''] = scramForm.exec(whole) ?? [];
  if (rounds === undefined || Number(rounds) > MAX_PBKDF2_ROUNDS) return undefined;
  return {
    rounds: Number(rounds),
    salt: Buffer.from(salt, 'base64'),
    storedKey: Buffer.from(storedKey, 'base64'),
    serverKey: Buffer.from(serverKey, 'base64'),
  };
};

const scramKeys = async (
  plain: Uint8Array,
  { rounds, salt }: Pick<ScramVerifier, 'rounds' | 'salt'>,
): Promise<ScramKeys | FormatRefused> => {
  const prepared = saslprep(plain);
  try {
    const salted = await pbkdf2(prepared, { digest: 'sha256', rounds, salt, length: KEY_BYTES });
    if ('kind' in salted) return salted;
    const clientKey = createHmac('sha256', salted).update('Client Key').digest();
    const storedKey = digestOf('sha256', clientKey);
    const serverKey = createHmac('sha256', salted).update('Server Key').digest();
    wipe(salted, clientKey);
    return { storedKey, serverKey };
  } finally {
    wipe(prepared);
  }
};

const md5Text = (plain: Uint8Array, username: string): string =>
  `md5${digestOf('md5', plain, Buffer.from(username)).toString('hex')}`;

/** PostgreSQL. */
export const pgsql = defineFormat({
  name: 'pgsql',
  summary: 'PostgreSQL. Options: encode (sha256, the default, is SCRAM-SHA-256; md5 needs username), iterations.',
  isSlow: true,
  options: z.object({
    encode: z.enum(['sha256', 'md5'], 'must be sha256 or md5').default('sha256'),
    username: text.optional(),
    iterations: wholeNumber(DEFAULT_ROUNDS, MAX_PBKDF2_ROUNDS).default(DEFAULT_ROUNDS),
  }),
  async derive({ plain, options: { encode, username, iterations }, random }) {
    if (encode === 'md5') {
      if (username === undefined) return refuse('missing-option', 'username: md5 is salted with it', 'username');
      return { kind: 'derived', value: Buffer.from(md5Text(plain, username), 'latin1') };
    }
    const salt = randomBytes(SALT_BYTES, random);
    const keys = await scramKeys(plain, { rounds: iterations, salt });
    if ('kind' in keys) return keys;
    const [saltText, stored, server] = [salt, keys.storedKey, keys.serverKey].map((bytes) => bytes.toString('base64'));
    return { kind: 'derived', value: Buffer.from(`SCRAM-SHA-256$${iterations}:${saltText}$${stored}:${server}`) };
  },
  async verify(plain, stored, { username }) {
    const whole = Buffer.from(stored).toString('latin1');
    if (md5Form.test(whole)) {
      if (username === undefined) return refuse('missing-option', 'username: md5 is salted with it', 'username');
      const hashed = Buffer.from(md5Text(plain, username), 'latin1');
      return { kind: areEqualBytes(hashed, stored) ? 'match' : 'mismatch' };
    }
    const kept = readScram(whole);
    if (!kept) return refuse('not-this-format', 'This is no password of PostgreSQL.');
    const keys = await scramKeys(plain, kept);
    if ('kind' in keys) return keys;
    const isMatch = areEqualBytes(keys.storedKey, kept.storedKey) && areEqualBytes(keys.serverKey, kept.serverKey);
    return { kind: isMatch ? 'match' : 'mismatch' };
  },
  recognizes(stored) {
    const whole = Buffer.from(stored).toString('latin1');
    return md5Form.test(whole) || readScram(whole) !== undefined;
  },
  needsRehash(stored, { encode, iterations }) {
    const kept = readScram(Buffer.from(stored).toString('latin1'));
    return encode === 'sha256' && (kept?.rounds ?? 0) < iterations;
  },
});
