// Encrypts a disk password for a machine: a binary OpenPGP message (RFC 4880) that GnuPG from 2.1 on, and so
// mandos-client, can open. Signed with the machine's own key if it is at hand, as mandos-keygen does; nobody checks it.

import {
  createMessage,
  config as defaults,
  encrypt,
  enums,
  type Key,
  type PartialConfig,
  type PrivateKey,
  readKey,
  readPrivateKey,
} from 'openpgp';
import { MachineKeysError } from './machine-keys-error.ts';

// Whatever kind of key mandos-keygen was told to make is the machine's own, and has to do.
const config: PartialConfig = {
  aeadProtect: false,
  preferredSymmetricAlgorithm: enums.symmetric.aes256,
  minRSABits: 512,
  rejectPublicKeyAlgorithms: new Set(),
};

const readPublic = async (armored: string): Promise<Key> => {
  try {
    return await readKey({ armoredKey: armored, config });
  } catch {
    throw new MachineKeysError('pubkey.txt is not an OpenPGP public key.');
  }
};

const readPrivate = async (armored: string): Promise<PrivateKey> => {
  try {
    return await readPrivateKey({ armoredKey: armored, config });
  } catch {
    throw new MachineKeysError('seckey.txt is not an OpenPGP secret key.');
  }
};

/** The OpenPGP fingerprint as Mandos writes it: 40 upper-case hexadecimal digits; absent for a newer kind of key. */
export const fingerprintOf = async (publicKey: string): Promise<string | undefined> => {
  const fingerprint = (await readPublic(publicKey)).getFingerprint().toUpperCase();
  return /^[0-9A-F]{40}$/.test(fingerprint) ? fingerprint : undefined;
};

/**
 * Encrypts exactly these bytes.
 *
 * @param password stays the caller's, who wipes it
 * @param keys the texts of pubkey.txt and, to sign, seckey.txt
 */
export const encryptPassword = async (
  password: Uint8Array,
  keys: { readonly publicKey: string; readonly secretKey?: string },
): Promise<Uint8Array> => {
  const encryptionKeys = await readPublic(keys.publicKey);
  const signingKeys = keys.secretKey === undefined ? undefined : await readPrivate(keys.secretKey);
  // The library keeps the array it is given until the message is made; this copy can be wiped then.
  const copy = Uint8Array.from(password);
  try {
    return await encrypt({
      message: await createMessage({ binary: copy, format: 'binary' }),
      encryptionKeys,
      ...(signingKeys !== undefined && { signingKeys }),
      format: 'binary',
      config: { ...defaults, ...config },
    });
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'unknown reason';
    throw new MachineKeysError(`The password cannot be encrypted to pubkey.txt: ${reason}.`);
  } finally {
    copy.fill(0);
  }
};
