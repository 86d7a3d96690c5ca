// A file as operators of Yubico's servers pass it on: plain text, or an OpenPGP message that is encrypted, to a key or with a pass
// phrase, and signed. An encrypted one is taken only with a valid signature of somebody who is expected. RFC 9580

import {
  type DecryptMessageResult,
  decrypt,
  decryptKey,
  config as defaults,
  enums,
  type Key,
  type PrivateKey,
  readKeys,
  readMessage,
  readPrivateKey,
  verify,
} from 'openpgp';
import { Failure } from '../../failure.ts';
import { readSecretFile } from '../../terminal/secret-input.ts';

export interface SealedFileOptions {
  /** A file with the secret key that the message is encrypted to. */
  readonly openpgpKey?: string;
  /** A file with the public keys of those whose signature is expected. */
  readonly signer?: string;
  /** Takes an encrypted file without a signature. */
  readonly unsigned?: boolean;
}

/** What was read; the caller wipes the bytes. */
export interface OpenedFile {
  readonly bytes: Buffer;
  /** The last 8 hexadecimal digits of the key that signed it; empty if nobody did. */
  readonly creator: string;
}

const LARGEST_BYTES = 512 * 1_048_576;
const config = { ...defaults, maxDecompressedMessageSize: LARGEST_BYTES };
const ARMOR = '-----BEGIN PGP MESSAGE-----';

const isArmored = (bytes: Buffer): boolean => bytes.subarray(0, 200).toString('latin1').trimStart().startsWith(ARMOR);

/** Whether it is no text: in a binary message the first bit is set. */
const isOpenPgp = (bytes: Buffer): boolean => isArmored(bytes) || ((bytes[0] ?? 0) & 0x80) !== 0;

const wrong = (message: string, hint?: string): Failure => new Failure('input', message, hint);

const unlock = async (privateKey: PrivateKey, askPassPhrase: () => Promise<Buffer>): Promise<PrivateKey> => {
  if (privateKey.isDecrypted()) return privateKey;
  const passPhrase = await askPassPhrase();
  try {
    // The library takes text only.
    return await decryptKey({ privateKey, passphrase: passPhrase.toString('utf8') });
  } catch {
    throw wrong('The pass phrase of the OpenPGP key is wrong.');
  } finally {
    passPhrase.fill(0);
  }
};

const readSigners = async (path: string | undefined): Promise<Key[]> => {
  if (path === undefined) return [];
  const bytes = await readSecretFile(path);
  const isBinary = ((bytes[0] ?? 0) & 0x80) !== 0;
  try {
    return await (isBinary ? readKeys({ binaryKeys: bytes }) : readKeys({ armoredKeys: bytes.toString('latin1') }));
  } catch {
    throw wrong(`${path} holds no OpenPGP keys.`);
  }
};

/** Who signed it: somebody who is expected, or, if that is allowed, nobody. */
const checkSignatures = async (
  { signatures }: Pick<DecryptMessageResult, 'signatures'>,
  mayBeUnsigned: boolean,
): Promise<string> => {
  for (const { verified, keyID } of signatures) {
    if (await verified.catch(() => false)) return keyID.toHex().slice(-8);
  }
  if (signatures.length > 0) throw wrong('It is signed, but by nobody whose key is in --signer.');
  if (mayBeUnsigned) return '';
  throw wrong('It is not signed, so that anybody could have made it.', 'If you know where it comes from: --unsigned');
};

const openMessage = async (
  file: Buffer,
  { openpgpKey, signer, unsigned }: SealedFileOptions,
  askPassPhrase: () => Promise<Buffer>,
): Promise<OpenedFile> => {
  const message = await (isArmored(file)
    ? readMessage({ armoredMessage: file.toString('latin1'), config })
    : readMessage({ binaryMessage: file, config })
  ).catch(() => {
    throw wrong('It is no OpenPGP message, or a damaged one.');
  });
  const verificationKeys = await readSigners(signer);
  const has = (tag: enums.packet): boolean => message.packets.filterByTag(tag).length > 0;
  const isForKey = has(enums.packet.publicKeyEncryptedSessionKey);
  const isForPassPhrase = has(enums.packet.symEncryptedSessionKey);
  const common = { message, verificationKeys, format: 'binary', config } as const;
  if (!isForKey && !isForPassPhrase) {
    const verified = await verify(common);
    return { bytes: Buffer.from(verified.data), creator: await checkSignatures(verified, unsigned === true) };
  }
  if (isForKey && !isForPassPhrase && openpgpKey === undefined) {
    throw wrong(
      'It is encrypted to an OpenPGP key.',
      'Give the secret key with --openpgp-key, or decrypt it with gpg and pass it to -.',
    );
  }
  const secrets =
    openpgpKey === undefined
      ? { passwords: [(await askPassPhrase()).toString('utf8')] }
      : {
          decryptionKeys: await unlock(
            await readPrivateKey({ armoredKey: (await readSecretFile(openpgpKey)).toString('latin1') }).catch(() => {
              throw wrong(`${openpgpKey} is no OpenPGP secret key with armour.`);
            }),
            askPassPhrase,
          ),
        };
  const opened = await decrypt({ ...common, ...secrets }).catch(() => {
    throw wrong('It does not open: another key or pass phrase, or it is damaged.');
  });
  return { bytes: Buffer.from(opened.data), creator: await checkSignatures(opened, unsigned === true) };
};

/**
 * Opens a file if it has to be opened; plain text is given back as it is.
 *
 * @param askPassPhrase of the key, or of the message
 * @throws {Failure} saying what is wrong with it
 */
export const openFile = async (
  file: Buffer,
  options: SealedFileOptions,
  askPassPhrase: () => Promise<Buffer>,
): Promise<OpenedFile> =>
  isOpenPgp(file) ? await openMessage(file, options, askPassPhrase) : { bytes: file, creator: '' };
