// The registry: one line for each format. A format is a file of its own in `formats/`.

import { apr1 } from './formats/apr1.ts';
import { argon2 } from './formats/argon2.ts';
import { bcrypt } from './formats/bcrypt.ts';
import { django } from './formats/django.ts';
import { dovecot } from './formats/dovecot.ts';
import { gostyescrypt } from './formats/gostyescrypt.ts';
import { htdigest } from './formats/htdigest.ts';
import { md5crypt } from './formats/md5crypt.ts';
import { mysql } from './formats/mysql.ts';
import { mysqlsha2 } from './formats/mysqlsha2.ts';
import { nthash } from './formats/nthash.ts';
import { pbkdf2 } from './formats/pbkdf2.ts';
import { pgsql } from './formats/pgsql.ts';
import { plain } from './formats/plain.ts';
import { scrypt } from './formats/scrypt.ts';
import { sha1 } from './formats/sha1.ts';
import { sha256 } from './formats/sha256.ts';
import { sha256crypt } from './formats/sha256crypt.ts';
import { sha512 } from './formats/sha512.ts';
import { sha512crypt } from './formats/sha512crypt.ts';
import { smd5 } from './formats/smd5.ts';
import { ssha } from './formats/ssha.ts';
import { ssha256 } from './formats/ssha256.ts';
import { ssha512 } from './formats/ssha512.ts';
import { sshkey } from './formats/sshkey.ts';
import { wireguard } from './formats/wireguard.ts';
import { x509 } from './formats/x509.ts';
import { yescrypt } from './formats/yescrypt.ts';
import type { PasswordFormat } from './password-format.ts';

const all: readonly PasswordFormat[] = [
  apr1,
  argon2,
  bcrypt,
  django,
  dovecot,
  gostyescrypt,
  htdigest,
  md5crypt,
  mysql,
  mysqlsha2,
  nthash,
  pbkdf2,
  pgsql,
  plain,
  scrypt,
  sha1,
  sha256,
  sha256crypt,
  sha512,
  sha512crypt,
  smd5,
  ssha,
  ssha256,
  ssha512,
  sshkey,
  wireguard,
  x509,
  yescrypt,
];

/** Every format by its name, in the order of the names. */
export const formats: ReadonlyMap<string, PasswordFormat> = new Map(
  all.toSorted((a, b) => (a.name < b.name ? -1 : 1)).map((format) => [format.name, format]),
);

/** The formats whose form `stored` has; several where texts look alike, none for what is nothing but a password. */
export const identifyFormats = (stored: Uint8Array): readonly PasswordFormat[] =>
  [...formats.values()].filter((format) => format.recognizes(stored));
