// What can be granted of passwords: everything that is about one format has a capability for each of them, so that somebody
// may have hashes and never the password. A name that no format has needs the whole capability.

import type { CapabilityParts } from '../operation.ts';

/** Formats from whose values neither a password nor a private key can be read, but by guessing. */
export const hashFormats = [
  'apr1',
  'argon2',
  'bcrypt',
  'django',
  'dovecot',
  'gostyescrypt',
  'htdigest',
  'md5crypt',
  'mysql',
  'mysqlsha2',
  'nthash',
  'pbkdf2',
  'pgsql',
  'scrypt',
  'sha1',
  'sha256',
  'sha256crypt',
  'sha512',
  'sha512crypt',
  'smd5',
  'ssha',
  'ssha256',
  'ssha512',
  'yescrypt',
] as const;

/** Formats whose values are secrets themselves, with those of their parts that are none. */
export const secretFormats: Readonly<Record<string, readonly string[]>> = {
  plain: [],
  sshkey: ['pubonly'],
  wireguard: ['pubonly'],
  x509: ['certonly', 'publickeyonly', 'csronly'],
};

interface AboutFormat {
  readonly format: string;
  readonly render?: string | undefined;
}

/**
 * The parts of a capability: `CAPABILITY.FORMAT` each, `CAPABILITY.hashes` all {@link hashFormats}, and `CAPABILITY.public`
 * whatever is no secret of the others, each also as `CAPABILITY.FORMAT.PART`.
 */
export const formatParts = (capability: string): CapabilityParts<AboutFormat> => {
  const known: Record<string, readonly string[]> = {};
  for (const name of hashFormats) known[`${capability}.${name}`] = [`${capability}.hashes`];
  for (const [name, publicParts] of Object.entries(secretFormats)) {
    known[`${capability}.${name}`] = [];
    for (const part of publicParts) {
      known[`${capability}.${name}.${part}`] = [`${capability}.${name}`, `${capability}.public`];
    }
  }
  return {
    known,
    of: ({ format, render }) => {
      const whole = `${capability}.${format}`;
      const part = `${whole}.${render}`;
      if (render !== undefined && Object.hasOwn(known, part)) return part;
      return Object.hasOwn(known, whole) ? whole : capability;
    },
  };
};
