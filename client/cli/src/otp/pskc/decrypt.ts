// How the values of a container are encrypted and authenticated. RFC 6030, section 6; XML Encryption 1.0, section 5; PBKDF2 of RFC 8018.

import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';
import { TokenError } from '../import/token.ts';
import type { Element } from './xml-tree.ts';

const CBC = /^http:\/\/www\.w3\.org\/2001\/04\/xmlenc#aes(128|192|256)-cbc$/;
const KEY_WRAP = /^http:\/\/www\.w3\.org\/2001\/04\/xmlenc#kw-aes(128|192|256)$/;
const MAC = /#hmac-(sha1|sha224|sha256|sha384|sha512)$/;
const PBKDF2 = /#pbkdf2$/;
const BLOCK = 16;
const WRAP_IV = Buffer.alloc(8, 0xa6);
/** More would be somebody who wants us to compute for hours. */
const MOST_ITERATIONS = 10_000_000;

/** The first child of this name, whatever its namespace: key derivation is written in three of them. */
export const childOf = (element: Element | undefined, name: string): Element | undefined =>
  element?.children.find((child) => child.name === name);

/** Strict Base64, as in XML: blanks anywhere. */
export const fromBase64 = (text: string, what: string): Buffer => {
  const joined = text.replaceAll(/\s/g, '');
  if (joined.length % 4 !== 0 || !/^[A-Za-z0-9+/]+={0,2}$/.test(joined)) throw new TokenError(`${what} is not Base64`);
  return Buffer.from(joined, 'base64');
};

const algorithmOf = (element: Element | undefined): string => element?.attributes['Algorithm'] ?? '';

/** What an `EncryptedValue` or `MACKey` holds. */
interface Encrypted {
  readonly algorithm: string;
  readonly cipher: Buffer;
}

const encryptedIn = (element: Element, what: string): Encrypted => ({
  algorithm: algorithmOf(childOf(element, 'EncryptionMethod')),
  cipher: fromBase64(childOf(childOf(element, 'CipherData'), 'CipherValue')?.text ?? '', `the cipher value of ${what}`),
});

const checkKey = (key: Buffer, bits: string | undefined): void => {
  if (key.length * 8 !== Number(bits)) throw new TokenError(`the key has ${key.length * 8} bits, not ${bits}`);
};

const decryptCbc = (key: Buffer, cipher: Buffer): Buffer => {
  const wrong = 'a value does not decrypt: the key or pass phrase is wrong, or the file was changed';
  if (cipher.length < 2 * BLOCK || cipher.length % BLOCK !== 0) throw new TokenError(wrong);
  const decipher = createDecipheriv(`aes-${key.length * 8}-cbc`, key, cipher.subarray(0, BLOCK)).setAutoPadding(false);
  const plain = Buffer.concat([decipher.update(cipher.subarray(BLOCK)), decipher.final()]);
  const padding = plain.at(-1) ?? 0;
  if (padding < 1 || padding > BLOCK) throw new TokenError(wrong);
  return plain.subarray(0, plain.length - padding);
};

const unwrap = (key: Buffer, cipher: Buffer): Buffer => {
  try {
    const decipher = createDecipheriv(`id-aes${key.length * 8}-wrap`, key, WRAP_IV);
    return Buffer.concat([decipher.update(cipher), decipher.final()]);
  } catch {
    throw new TokenError('a value does not unwrap: the key or pass phrase is wrong, or the file was changed');
  }
};

const decrypt = (key: Buffer, { algorithm, cipher }: Encrypted): Buffer => {
  const [, cbc] = CBC.exec(algorithm) ?? [];
  const [, wrap] = KEY_WRAP.exec(algorithm) ?? [];
  if (cbc === undefined && wrap === undefined)
    throw new TokenError('it is encrypted by another algorithm than AES-CBC or AES key wrap');
  checkKey(key, cbc ?? wrap);
  return cbc === undefined ? unwrap(key, cipher) : decryptCbc(key, cipher);
};

/** How a container says that its key is found. */
export type KeyMethod =
  | { readonly kind: 'none' | 'pre-shared' }
  | { readonly kind: 'pass-phrase'; readonly method: Element };

/** Reads an `EncryptionKey`. */
export const keyMethodOf = (container: Element): KeyMethod => {
  const encryption = childOf(container, 'EncryptionKey');
  if (encryption === undefined) return { kind: 'none' };
  if (childOf(encryption, 'X509Data') !== undefined)
    throw new TokenError('it is encrypted for a certificate, which is not read');
  const method = childOf(childOf(encryption, 'DerivedKey'), 'KeyDerivationMethod');
  return method === undefined ? { kind: 'pre-shared' } : { kind: 'pass-phrase', method };
};

/** The key that a pass phrase makes. */
export const deriveKey = (passPhrase: Uint8Array, method: Element): Buffer => {
  if (!PBKDF2.test(algorithmOf(method))) throw new TokenError('its key is derived by another method than PBKDF2');
  const parameters = childOf(method, 'PBKDF2-params');
  const salt = fromBase64(childOf(childOf(parameters, 'Salt'), 'Specified')?.text ?? '', 'the salt of its key');
  const iterations = Number(childOf(parameters, 'IterationCount')?.text);
  const sizeBytes = Number(childOf(parameters, 'KeyLength')?.text ?? BLOCK);
  const prf = childOf(parameters, 'PRF');
  const named = prf === undefined ? '' : algorithmOf(prf) || prf.text;
  const [, hash] = named === '' ? ['', 'sha1'] : (/hmac-?(sha(?:1|224|256|384|512))$/i.exec(named) ?? []);
  if (hash === undefined) throw new TokenError('its key is derived with an unknown function');
  if (!Number.isInteger(iterations) || iterations < 1 || iterations > MOST_ITERATIONS) {
    throw new TokenError(`its key is derived in another number of rounds than 1 to ${MOST_ITERATIONS}`);
  }
  if (![16, 24, 32].includes(sizeBytes)) throw new TokenError('its derived key is none of AES');
  return pbkdf2Sync(passPhrase, salt, iterations, sizeBytes, hash.toLowerCase());
};

/** Reads encrypted values of one container. */
export class Decryption {
  readonly #key: Buffer;
  readonly #hash: string | undefined;
  readonly #macKey: Buffer;

  /** `key` stays this object's, until {@link wipe}. */
  constructor(container: Element, key: Buffer) {
    this.#key = key;
    const method = childOf(container, 'MACMethod');
    const [, hash] = MAC.exec(algorithmOf(method)) ?? [];
    if (method !== undefined && hash === undefined)
      throw new TokenError('its values are authenticated by an unknown method');
    this.#hash = hash;
    const macKey = childOf(method, 'MACKey');
    this.#macKey = macKey === undefined ? key : decrypt(key, encryptedIn(macKey, 'the MAC key'));
  }

  /** The plain value of `holder`, a `Secret`. Its authenticity is checked first, where its algorithm does not do that. */
  open(holder: Element, encrypted: Element): Buffer {
    const value = encryptedIn(encrypted, 'its secret');
    if (!KEY_WRAP.test(value.algorithm)) this.#authenticate(holder, value.cipher);
    return decrypt(this.#key, value);
  }

  #authenticate(holder: Element, cipher: Buffer): void {
    const given = childOf(holder, 'ValueMAC');
    if (this.#hash === undefined || given === undefined) throw new TokenError('its secret has no MAC');
    const mac = createHmac(this.#hash, this.#macKey).update(cipher).digest();
    const expected = fromBase64(given.text, 'its MAC');
    if (expected.length !== mac.length || !timingSafeEqual(expected, mac)) {
      throw new TokenError('its MAC is wrong: the key or pass phrase is another one, or the file was changed');
    }
  }

  /** Zeroes the keys. */
  wipe(): void {
    this.#key.fill(0);
    this.#macKey.fill(0);
  }
}
