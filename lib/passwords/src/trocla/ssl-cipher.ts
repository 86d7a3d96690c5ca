// Trocla's encryption `ssl`: RSA with PKCS #1 v1.5 padding, piece by piece; each piece a line of base64, and an empty piece at the
// end. It protects nothing against whoever can write the store. RFC 8017, section 7.2.

import {
  constants,
  createPrivateKey,
  createPublicKey,
  type KeyObject,
  privateDecrypt,
  publicEncrypt,
} from 'node:crypto';
import { readFileSync } from 'node:fs';
import { PasswordStoreError } from '../password-store.ts';
import type { ValueCipher } from './value-cipher.ts';

export interface SslKeyFiles {
  readonly privateKey?: string;
  readonly publicKey?: string;
}

const PADDING_BYTES = 11;

const fail = (message: string, cause?: unknown): never => {
  throw new PasswordStoreError('encryption', message, { cause });
};

/** Removes the padding `00 02 NONZERO{8,} 00`. */
const unpad = (block: Buffer): Buffer => {
  const end = block.indexOf(0, 2);
  if (block[0] !== 0 || block[1] !== 2 || end < 10) fail('a value cannot be decrypted with this private key');
  return block.subarray(end + 1);
};

/** Splits UTF-8 before the bytes that continue a character. */
const pieces = (value: Uint8Array, size: number): Uint8Array[] => {
  const parts: Uint8Array[] = [];
  for (let start = 0; start < value.length; ) {
    const end = Math.min(value.length, start + size);
    parts.push(value.subarray(start, end));
    start = end;
  }
  return [...parts, new Uint8Array(0)];
};

/** Encrypts with the public key and decrypts with the private one; each file is read when it is first needed. */
export class SslCipher implements ValueCipher {
  readonly #files: SslKeyFiles;
  #private: KeyObject | undefined;
  #public: KeyObject | undefined;

  constructor(files: SslKeyFiles) {
    this.#files = files;
  }

  seal(value: Uint8Array): Uint8Array {
    this.#public ??= this.#load('public', createPublicKey);
    const key = this.#public;
    const size = this.#bytesOf(key) - PADDING_BYTES;
    const lines = pieces(value, size).map(
      (piece) => `${publicEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, piece).toString('base64')}\n`,
    );
    return Buffer.from(lines.join(''));
  }

  open(stored: Uint8Array): Uint8Array {
    this.#private ??= this.#load('private', createPrivateKey);
    const key = this.#private;
    const lines = Buffer.from(stored)
      .toString('latin1')
      .split('\n')
      .filter((line) => line !== '');
    const blocks = lines.map((line) => {
      try {
        // Node.js no longer removes this padding itself.
        return privateDecrypt({ key, padding: constants.RSA_NO_PADDING }, Buffer.from(line, 'base64'));
      } catch (error) {
        return fail('a value cannot be decrypted with this private key', error);
      }
    });
    const value = Uint8Array.from(Buffer.concat(blocks.map(unpad)));
    for (const block of blocks) block.fill(0);
    return value;
  }

  #bytesOf(key: KeyObject): number {
    return (key.asymmetricKeyDetails?.modulusLength ?? 0) / 8;
  }

  #load(which: 'private' | 'public', parse: (pem: Buffer) => KeyObject): KeyObject {
    const file = which === 'private' ? this.#files.privateKey : this.#files.publicKey;
    if (file === undefined) return fail(`Config error: 'ssl_options' => :${which}_key is not defined`);
    let pem: Buffer;
    try {
      pem = readFileSync(file);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOENT') return fail(`No such file or directory @ rb_sysopen - ${file}`, error);
      return fail(`${file} cannot be read (${code})`, error);
    }
    let key: KeyObject | undefined;
    try {
      key = parse(pem);
    } catch (error) {
      return fail(`${file} holds no ${which} key in PEM`, error);
    } finally {
      pem.fill(0);
    }
    return key.asymmetricKeyType === 'rsa' ? key : fail(`${file} holds no RSA key`);
  }
}
