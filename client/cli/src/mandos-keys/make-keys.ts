// Makes the keys of a machine as mandos-keygen does: an OpenPGP key that its secret is encrypted to, and a TLS key that it
// proves itself with. The OpenPGP key is one that GnuPG from 2.1 on can use: EdDSA and ECDH over Curve25519, version 4.
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

/** @param name the machine's name; a line of printable text */
export const makeKeys = async (name: string): Promise<MachineKeys> => {
  const tls = generateKeyPairSync('ed25519');
  const config = { ...defaults, showComment: true, commentString: `Mandos client key for ${name}`, showVersion: false };
  const { privateKey, publicKey } = await generateKey({
    type: 'ecc',
    curve: 'curve25519Legacy',
    userIDs: [{ name }],
    format: 'object',
    config: { aeadProtect: false, v6Keys: false },
  });
  return {
    'seckey.txt': privateKey.armor(config),
    'pubkey.txt': publicKey.armor(config),
    'tls-privkey.pem': tls.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    'tls-pubkey.pem': tls.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
  };
};
