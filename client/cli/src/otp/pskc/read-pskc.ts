// A Portable Symmetric Key Container: seeds of tokens as their makers and other servers give them. RFC 6030. Strict where it matters:
// what would change which codes are right, or how a key may be used, is read or refused, never passed over.

import { checkToken, type Fault, nameFrom, type ReadTokens, type Token, TokenError } from '../import/token.ts';
import { childOf, Decryption, deriveKey, fromBase64, type KeyMethod, keyMethodOf } from './decrypt.ts';
import { type Element, parseDocument } from './xml-tree.ts';

const NAMESPACE = 'urn:ietf:params:xml:ns:keyprov:pskc';
const SIGNATURE = 'http://www.w3.org/2000/09/xmldsig#';
const algorithmNames: Readonly<Record<string, Token['kind']>> = {
  [`${NAMESPACE}:hotp`]: 'hotp',
  [`${NAMESPACE}:totp`]: 'totp',
};

const own = (element: Element | undefined, name: string): Element | undefined => {
  const found = element?.children.filter((child) => child.name === name && child.namespace === NAMESPACE) ?? [];
  if (found.length > 1) throw new TokenError(`it has more than one ${name}`);
  return found[0];
};

const textOf = (element: Element | undefined, name: string): string | undefined => own(element, name)?.text;

/** A number among the data of a key, which is hardly ever encrypted. */
const numberOf = (data: Element | undefined, name: string): number | undefined => {
  const holder = own(data, name);
  if (holder === undefined) return undefined;
  const plain = textOf(holder, 'PlainValue');
  if (plain === undefined || !/^[0-9]{1,16}$/.test(plain)) throw new TokenError(`its ${name} is no plain number`);
  return Number(plain);
};

/** The name in a distinguished name (RFC 4514), or the text itself. */
const ownerIn = (text: string): string => /(?:^|,)\s*(?:CN|UID)\s*=\s*([^,+]+)/i.exec(text)?.[1]?.trim() ?? text;

const hashOf = (suite: string | undefined): Token['algorithm'] => {
  if (suite === undefined || suite === '') return 'sha1';
  const [, hash] = /SHA-?(1|256|512)$/i.exec(suite) ?? [];
  if (hash === undefined) throw new TokenError('its suite is unknown');
  return `sha${hash}` as Token['algorithm'];
};

/** A moment of a policy, milliseconds since 1970. */
const momentOf = (policy: Element | undefined, name: string): number | undefined => {
  const text = textOf(policy, name);
  const moment = Date.parse(text ?? '');
  if (text !== undefined && !Number.isFinite(moment)) throw new TokenError(`its ${name} is no time`);
  return text === undefined ? undefined : moment;
};

/** Refuses what may not be used, or in a way that nobody here would keep to. */
const checkUse = (policy: Element | undefined, nowUnixMs: number): void => {
  const usages = policy?.children.filter(({ name }) => name === 'KeyUsage').map(({ text }) => text) ?? [];
  if (usages.length > 0 && !usages.includes('OTP')) throw new TokenError('it may not be used for one-time codes');
  const pin = own(policy, 'PINPolicy');
  if (pin !== undefined && pin.attributes['PINUsageMode'] !== 'Local') {
    throw new TokenError('it wants a PIN that the server checks, which is not kept here');
  }
  if ((momentOf(policy, 'StartDate') ?? 0) > nowUnixMs) throw new TokenError('it is not valid yet');
  if ((momentOf(policy, 'ExpiryDate') ?? Infinity) <= nowUnixMs) throw new TokenError('it has expired');
  if (own(policy, 'NumberOfTransactions') !== undefined) {
    throw new TokenError('it may be used only so many times, which is not kept here');
  }
};

const digitsOf = (key: Element): number => {
  const format = own(own(key, 'AlgorithmParameters'), 'ResponseFormat');
  if (format === undefined) throw new TokenError('it does not say how long its codes are');
  if (format.attributes['Encoding'] !== 'DECIMAL') throw new TokenError('its codes are not decimal');
  if (/^(?:true|1)$/.test(format.attributes['CheckDigits'] ?? '')) throw new TokenError('its codes have a check digit');
  return Number(format.attributes['Length']);
};

const secretOf = (data: Element | undefined, decryption: Decryption | undefined): Buffer => {
  const secret = own(data, 'Secret');
  const plain = textOf(secret, 'PlainValue');
  if (plain !== undefined) return fromBase64(plain, 'its secret');
  const encrypted = own(secret, 'EncryptedValue');
  if (secret === undefined || encrypted === undefined) throw new TokenError('it has no secret');
  if (decryption === undefined) throw new TokenError('its secret is encrypted, and nothing says with which key');
  return decryption.open(secret, encrypted);
};

/** What every key package is read with. */
interface Reading {
  readonly decryption: Decryption | undefined;
  readonly nowUnixMs: number;
  readonly notes: Set<string>;
}

const readKey = (keyPackage: Element, { decryption, nowUnixMs, notes }: Reading): Omit<Token, 'where'> => {
  const key = own(keyPackage, 'Key');
  if (key === undefined) throw new TokenError('it has no key');
  const kind = algorithmNames[key.attributes['Algorithm'] ?? ''];
  if (kind === undefined) throw new TokenError('its algorithm is neither HOTP nor TOTP');
  const policy = own(key, 'Policy');
  checkUse(policy, nowUnixMs);
  if (own(policy, 'ExpiryDate') !== undefined) notes.add('Some keys have a date on which they expire; it is not kept.');
  const device = own(keyPackage, 'DeviceInfo');
  const data = own(key, 'Data');
  const [serial, id] = [textOf(device, 'SerialNo') ?? '', key.attributes['Id'] ?? ''];
  const owner = textOf(key, 'UserId') ?? textOf(device, 'UserId');
  return checkToken({
    kind,
    ...(owner !== undefined && owner !== '' && { owner: ownerIn(owner) }),
    ids: [id, serial, owner ?? ''].filter((each) => each !== ''),
    name: nameFrom(serial === '' ? id : serial),
    seed: secretOf(data, decryption),
    algorithm: hashOf(textOf(own(key, 'AlgorithmParameters'), 'Suite')),
    digits: digitsOf(key),
    periodSeconds: numberOf(data, 'TimeInterval') ?? 30,
    counter: numberOf(data, 'Counter') ?? 0,
  });
};

const keyFrom = (secret: Buffer, method: KeyMethod): Buffer => {
  if (method.kind === 'pass-phrase') return deriveKey(secret, method.method);
  const hex = secret.toString('latin1').trim();
  if (!/^(?:[0-9a-f]{32}|[0-9a-f]{48}|[0-9a-f]{64})$/i.test(hex)) {
    throw new TokenError('the pre-shared key is not 32, 48 or 64 hexadecimal digits');
  }
  return Buffer.from(hex, 'hex');
};

const decryptionOf = ({ root, method }: KeyContainer, secret: Buffer | undefined): Decryption | undefined => {
  if (method.kind === 'none') return undefined;
  if (secret === undefined) throw new TokenError('its key is missing');
  try {
    return new Decryption(root, keyFrom(secret, method));
  } finally {
    secret.fill(0);
  }
};

const nameOfPackage = (keyPackage: Element, at: number): string => {
  const id = childOf(keyPackage, 'Key')?.attributes['Id'];
  return id === undefined ? `key package ${at + 1}` : `key package ${at + 1} (key ${id.slice(0, 64)})`;
};

/** A container, and how the key of its values is found. */
export interface KeyContainer {
  readonly root: Element;
  readonly method: KeyMethod;
}

/** Opens a container. Throws {@link TokenError} if it is none. */
export const parseContainer = (file: Buffer): KeyContainer => {
  const root = parseDocument(file);
  if (root.name !== 'KeyContainer' || root.namespace !== NAMESPACE) {
    throw new TokenError('it is no key container of RFC 6030');
  }
  return { root, method: keyMethodOf(root) };
};

/**
 * Reads every key package of a container; those that are wrong are named. Throws {@link TokenError} if its key is.
 *
 * @param secret the pass phrase, or the pre-shared key in hexadecimal, as the method of the container says; wiped
 */
export const readContainer = (container: KeyContainer, secret: Buffer | undefined, nowUnixMs: number): ReadTokens => {
  const decryption = decryptionOf(container, secret);
  const { children } = container.root;
  const tokens: Token[] = [];
  const faults: Fault[] = [];
  const notes = new Set<string>();
  try {
    const packages = children.filter(({ name, namespace }) => name === 'KeyPackage' && namespace === NAMESPACE);
    for (const [at, keyPackage] of packages.entries()) {
      const where = nameOfPackage(keyPackage, at);
      try {
        tokens.push({ where, ...readKey(keyPackage, { decryption, nowUnixMs, notes }) });
      } catch (error) {
        if (!(error instanceof TokenError)) throw error;
        faults.push({ where, message: error.message });
      }
    }
  } finally {
    decryption?.wipe();
  }
  const isSigned = children.some(({ name, namespace }) => name === 'Signature' && namespace === SIGNATURE);
  if (isSigned) notes.add('The file is signed; the signature was not checked.');
  return { tokens, faults, notes: [...notes] };
};
