// Makes the keys of a machine as mandos-keygen does: an OpenPGP key that its secret is encrypted to, and a TLS key that it
// proves itself with. The OpenPGP key is one that GnuPG from 2.1 on can use: EdDSA and ECDH over Curve25519, or RSA; version 4.
//
// The private halves pass through strings: both formats are text. They live as long as the command.

import { generateKeyPairSync } from 'node:crypto';
import { config as defaults, generateKey } from 'openpgp';

/** The four files of a machine, by name. */
export interface MachineKeys {
  readonly 'seckey.txt': string;
  readonly 'pubkey.txt': string;
  readonly 'tls-privkey.pem': string;
  readonly 'tls-pubkey.pem': string;
}

/** The names of the files, in the order in which mandos-keygen makes them. */
export const keyFileNames = ['seckey.txt', 'pubkey.txt', 'tls-privkey.pem', 'tls-pubkey.pem'] as const;

/** What certtool calls them, `--key-type`. */
export const tlsKeyTypes = ['ed25519', 'ed448', 'ecdsa', 'rsa'] as const;

/** How keys are made, where not in our way. */
export interface KeyKind {
  /** Bits of an RSA key; absent for Curve25519. */
  readonly rsaBits?: number;
  readonly tls?: (typeof tlsKeyTypes)[number];
  readonly comment?: string;
  readonly email?: string;
  /** Seconds until the OpenPGP key expires; absent for never. */
  readonly expiresInS?: number;
}

const makeTlsPair = (type: NonNullable<KeyKind['tls']>) => {
  switch (type) {
    case 'ed25519':
      return generateKeyPairSync('ed25519');
    case 'ed448':
      return generateKeyPairSync('ed448');
    case 'ecdsa':
      return generateKeyPairSync('ec', { namedCurve: 'P-256' });
    case 'rsa':
      return generateKeyPairSync('rsa', { modulusLength: 3_072 });
  }
};

/** @param name the machine's name; a line of printable text, as everything in `kind` */
export const makeKeys = async (name: string, kind: KeyKind = {}): Promise<MachineKeys> => {
  const { rsaBits, tls = 'ed25519', comment, email, expiresInS = 0 } = kind;
  const pair = makeTlsPair(tls);
  const owner = [name, comment && `(${comment})`, email && `<${email}>`].filter(Boolean).join(' ');
  const config = {
    ...defaults,
    showComment: true,
    commentString: `Mandos client key for ${owner}`,
    showVersion: false,
  };
  const { privateKey, publicKey } = await generateKey({
    ...(rsaBits === undefined
      ? { type: 'ecc' as const, curve: 'curve25519Legacy' as const }
      : { type: 'rsa' as const, rsaBits }),
    userIDs: [{ name, ...(comment !== undefined && { comment }), ...(email !== undefined && { email }) }],
    keyExpirationTime: expiresInS,
    format: 'object',
    config: { aeadProtect: false, v6Keys: false },
  });
  return {
    'seckey.txt': privateKey.armor(config),
    'pubkey.txt': publicKey.armor(config),
    'tls-privkey.pem': pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'tls-pubkey.pem': pair.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};
