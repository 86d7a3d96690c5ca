// Opens what was encrypted to a machine, by the library: OpenPGP messages of mandos-keygen, of gpg, and of ours, armoured or not, for any kind of key
// that gpg makes. Who signed it is not looked at, nor what the time is: a machine that boots may not know it. A message that was
// cut or changed gives nothing (its integrity is checked before anything of it is handed out). RFC 4880

import { decrypt, config as defaults, type PartialConfig, type PrivateKey, readMessage, readPrivateKey } from 'openpgp';
import { MachineKeysError } from './machine-keys-error.ts';
import { MAX_PLAINTEXT_BYTES } from './plaintext-limit.ts';

/** A message that does not say whom it is for. RFC 4880, 5.1 */
const ANY_KEY = '0'.repeat(16);

const config: PartialConfig = {
  minRSABits: 512,
  rejectPublicKeyAlgorithms: new Set(),
  maxDecompressedMessageSize: MAX_PLAINTEXT_BYTES,
};

// The library takes it for "at no time in particular"; its types do not say so.
const anyTime = null as unknown as Date;

/** Reads seckey.txt. Throws {@link MachineKeysError}. */
export const readSecretKey = async (armored: string): Promise<PrivateKey> => {
  try {
    return await readPrivateKey({ armoredKey: armored, config: { ...defaults, ...config } });
  } catch {
    throw new MachineKeysError('it is not an OpenPGP secret key');
  }
};

/**
 * Decrypts a message to exactly the bytes that were encrypted; the caller wipes them.
 *
 * @throws {MachineKeysError} saying what is wrong with it, never with anything of it
 */
export const openMessage = async (bytes: Uint8Array, key: PrivateKey): Promise<Buffer> => {
  const isBinary = ((bytes[0] ?? 0) & 0x80) !== 0;
  const parsed = await (isBinary
    ? readMessage({ binaryMessage: bytes, config: { ...defaults, ...config } })
    : readMessage({ armoredMessage: Buffer.from(bytes).toString('latin1'), config: { ...defaults, ...config } })
  ).catch(() => {
    throw new MachineKeysError('it is not an OpenPGP message');
  });
  const own = new Set(key.getKeyIDs().map((id) => id.toHex()));
  const isForUs = parsed.getEncryptionKeyIDs().some((id) => id.toHex() === ANY_KEY || own.has(id.toHex()));
  if (!isForUs) throw new MachineKeysError('it is encrypted to another key');
  try {
    const { data } = await decrypt({
      message: parsed,
      decryptionKeys: key,
      format: 'binary',
      date: anyTime,
      config: { ...defaults, ...config },
    });
    return Buffer.from(data.buffer, data.byteOffset, data.length);
  } catch {
    throw new MachineKeysError('it is damaged');
  }
};
