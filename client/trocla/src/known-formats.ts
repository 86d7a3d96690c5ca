// The names of the formats, so that a look-up need not load the formats themselves. A test holds them to the registry.

/** Every format, in the order of the names. */
export const knownFormats: readonly string[] = [
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
  'plain',
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
  'sshkey',
  'wireguard',
  'x509',
  'yescrypt',
];

/** Those that are not always shown as they are stored. */
export const renderedFormats: readonly string[] = ['sshkey', 'wireguard', 'x509'];
