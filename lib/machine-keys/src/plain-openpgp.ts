// The short way to open a message: for keys and messages as mandos-keygen and we make them, read in a millisecond with what Node has
// itself, where a boot would wait longer for a library to load than for the server. It knows RSA, and ECDH over Curve25519; AES; zip
// and zlib; and gives something only if the message's integrity code is right. Whatever else it meets, it leaves alone: then the
// library is asked, which also says what is wrong. RFC 4880, 4.2, 5.1, 5.5, 5.13; RFC 6637, 7 and 8

import {
  constants,
  createDecipheriv,
  createHash,
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  type KeyObject,
  privateDecrypt,
  timingSafeEqual,
} from 'node:crypto';
import { inflateRawSync, inflateSync } from 'node:zlib';
import { MAX_PLAINTEXT_BYTES } from './plaintext-limit.ts';

/** A private key that a message can be encrypted to. */
interface PlainKey {
  /** 16 hexadecimal digits. */
  readonly keyId: string;
  readonly decryptSessionKey: (body: Buffer) => Buffer | undefined;
}

export type PlainKeys = readonly PlainKey[];

interface Packet {
  readonly tag: number;
  readonly body: Buffer;
}

const tag = {
  sessionKey: 1,
  secretKey: 5,
  secretSubkey: 7,
  compressed: 8,
  literal: 11,
  integrityProtected: 18,
} as const;
const algorithm = { rsa: 1, rsaEncrypt: 2, ecdh: 18 } as const;
const CURVE25519 = Buffer.from('0a2b060104019755010501', 'hex');
const PKCS8_X25519 = Buffer.from('302e020100300506032b656e04220420', 'hex');
const SPKI_X25519 = Buffer.from('302a300506032b656e032100', 'hex');
const BLOCK_BYTES = 16;
const PREFIX_BYTES = BLOCK_BYTES + 2;
const MDC_BYTES = 22;
const MDC_HEAD = Buffer.from([0xd3, 0x14]);
const SHA1_BYTES = 20;
/** Ciphers by their number: AES-128, -192, -256. */
const aesBytes: Readonly<Record<number, 16 | 24 | 32>> = { 7: 16, 8: 24, 9: 32 };
const hashes: Readonly<Record<number, string>> = { 8: 'sha256', 9: 'sha384', 10: 'sha512' };

/** What this way does not know, or what is not in form. */
class UnusualError extends Error {}

const unusual = (): never => {
  throw new UnusualError();
};

class Reader {
  readonly #bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.at;
  }

  take(count: number): Buffer {
    if (count > this.left) unusual();
    const taken = this.#bytes.subarray(this.at, this.at + count);
    this.at += count;
    return taken;
  }

  u8(): number {
    return this.take(1).readUInt8();
  }

  /** A number of any size, most significant byte first. RFC 4880, 3.2 */
  mpi(): Buffer {
    return this.take((this.take(2).readUInt16BE() + 7) >> 3);
  }
}

/** The length of a packet of the new format, and whether another part follows. */
const readNewLength = (reader: Reader): { readonly size: number; readonly isPartial: boolean } => {
  const first = reader.u8();
  if (first < 192) return { size: first, isPartial: false };
  if (first < 224) return { size: ((first - 192) << 8) + reader.u8() + 192, isPartial: false };
  if (first === 255) return { size: reader.take(4).readUInt32BE(), isPartial: false };
  return { size: 2 ** (first & 0x1f), isPartial: true };
};

const readNewBody = (reader: Reader): Buffer => {
  const parts: Buffer[] = [];
  for (;;) {
    const { size, isPartial } = readNewLength(reader);
    parts.push(reader.take(size));
    if (!isPartial) return parts.length === 1 ? (parts[0] ?? unusual()) : Buffer.concat(parts);
  }
};

const readPackets = (bytes: Buffer): readonly Packet[] => {
  const reader = new Reader(bytes);
  const packets: Packet[] = [];
  while (reader.left > 0) {
    const head = reader.u8();
    if ((head & 0x80) === 0) unusual();
    if ((head & 0x40) !== 0) {
      packets.push({ tag: head & 0x3f, body: readNewBody(reader) });
      continue;
    }
    const lengthType = head & 3;
    const size = lengthType === 3 ? reader.left : reader.take(1 << lengthType).readUIntBE(0, 1 << lengthType);
    packets.push({ tag: (head >> 2) & 0x0f, body: reader.take(size) });
  }
  return packets;
};

const derLength = (size: number): Buffer => {
  if (size < 0x80) return Buffer.from([size]);
  return size < 0x100 ? Buffer.from([0x81, size]) : Buffer.from([0x82, size >> 8, size & 0xff]);
};

const der = (type: number, content: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type]), derLength(content.length), content]);

const derInteger = (bytes: Buffer): Buffer =>
  der(2, ((bytes[0] ?? 0) & 0x80) === 0 ? bytes : Buffer.concat([Buffer.alloc(1), bytes]));

const toNumber = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex') || '0'}`);

const toBytes = (number: bigint): Buffer => {
  const digits = number.toString(16);
  return Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
};

/** PKCS #1. OpenPGP's `u` is 1/p mod q, and there the coefficient is 1/q mod p: the primes change places. */
const rsaKey = (open: readonly Buffer[], secret: readonly Buffer[]): KeyObject => {
  const [n = unusual(), e = unusual()] = open;
  const [d = unusual(), p = unusual(), q = unusual(), u = unusual()] = secret;
  const exponent = (prime: Buffer): Buffer => toBytes(toNumber(d) % (toNumber(prime) - 1n));
  const numbers = [Buffer.alloc(1), n, e, d, q, p, exponent(q), exponent(p), u];
  const key = der(0x30, Buffer.concat(numbers.map(derInteger)));
  return createPrivateKey({ key, format: 'der', type: 'pkcs1' });
};

const decryptRsa = (key: KeyObject, modulusBytes: number, body: Reader): Buffer => {
  const number = body.mpi();
  if (number.length > modulusBytes) unusual();
  const padded = Buffer.concat([Buffer.alloc(modulusBytes - number.length), number]);
  return privateDecrypt({ key, padding: constants.RSA_PKCS1_PADDING }, padded);
};

/** RFC 3394 */
const unwrapKey = (kek: Buffer, wrapped: Buffer): Buffer => {
  const cipher = createDecipheriv(`id-aes${kek.length * 8}-wrap`, kek, Buffer.alloc(8, 0xa6));
  try {
    return Buffer.concat([cipher.update(wrapped), cipher.final()]);
  } catch {
    // Of a length that no wrapped key has, or wrapped with another key.
    return unusual();
  }
};

/** RFC 6637, 8 */
const decryptEcdh = (key: KeyObject, kdf: Buffer, fingerprint: Buffer, body: Reader): Buffer => {
  const [hash = unusual(), keyBytes = unusual()] = [hashes[kdf[2] ?? 0], aesBytes[kdf[3] ?? 0]];
  const point = body.mpi();
  if (point.length !== 33 || point[0] !== 0x40) unusual();
  const publicKey = createPublicKey({
    key: Buffer.concat([SPKI_X25519, point.subarray(1)]),
    format: 'der',
    type: 'spki',
  });
  const shared = diffieHellman({ privateKey: key, publicKey });
  const kek = createHash(hash)
    .update(Buffer.from([0, 0, 0, 1]))
    .update(shared)
    .update(CURVE25519)
    .update(Buffer.from([algorithm.ecdh]))
    .update(kdf)
    .update('Anonymous Sender    ')
    .update(fingerprint)
    .digest()
    .subarray(0, keyBytes);
  shared.fill(0);
  const padded = unwrapKey(kek, body.take(body.u8()));
  kek.fill(0);
  const padding = padded.at(-1) ?? 0;
  return padding <= 8 ? padded.subarray(0, padded.length - padding) : unusual();
};

const x25519Key = (secret: Buffer): KeyObject => {
  const scalar = Buffer.concat([Buffer.alloc(Math.max(0, 32 - secret.length)), secret]).reverse();
  const key = Buffer.concat([PKCS8_X25519, scalar]);
  try {
    return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
  } finally {
    scalar.fill(0);
    key.fill(0);
  }
};

/** The secret half of a key packet: in the clear, with a sum that is right. */
const readSecret = (reader: Reader, numbers: number): readonly Buffer[] => {
  if (reader.u8() !== 0) unusual();
  const begin = reader.at;
  const secret = Array.from({ length: numbers }, () => reader.mpi());
  const size = reader.at - begin;
  const sum = reader.take(2).readUInt16BE();
  reader.at = begin;
  const added = reader.take(size).reduce((total, byte) => (total + byte) & 0xffff, 0);
  return added === sum ? secret : unusual();
};

const readKeyPacket = (body: Buffer): PlainKey | undefined => {
  const reader = new Reader(body);
  if (reader.u8() !== 4) unusual();
  reader.take(4);
  const kind = reader.u8();
  const isRsa = kind === algorithm.rsa || kind === algorithm.rsaEncrypt;
  if (!isRsa && kind !== algorithm.ecdh) return undefined;
  if (!isRsa && !reader.take(CURVE25519.length).equals(CURVE25519)) unusual();
  const open = isRsa ? [reader.mpi(), reader.mpi()] : [reader.mpi()];
  // A copy: what was read is wiped when the keys are made.
  const kdf = Buffer.from(isRsa ? [] : reader.take(4));
  const size = Buffer.alloc(2);
  size.writeUInt16BE(reader.at);
  const fingerprint = createHash('sha1')
    .update(Buffer.from([0x99]))
    .update(size)
    .update(body.subarray(0, reader.at))
    .digest();
  const secret = readSecret(reader, isRsa ? 4 : 1);
  const key = isRsa ? rsaKey(open, secret) : x25519Key(secret[0] ?? unusual());
  const modulusBytes = open[0]?.length ?? 0;
  return {
    keyId: fingerprint.toString('hex', 12),
    decryptSessionKey: (encrypted) => {
      const parts = new Reader(encrypted);
      const used = parts.u8();
      if (isRsa !== (used === algorithm.rsa || used === algorithm.rsaEncrypt)) return undefined;
      return isRsa ? decryptRsa(key, modulusBytes, parts) : decryptEcdh(key, kdf, fingerprint, parts);
    },
  };
};

/** `undefined` for whatever is unusual. OpenSSL throws errors of its own for keys and messages that are damaged. */
const orUndefined = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch (error) {
    if (error instanceof UnusualError || typeof (error as NodeJS.ErrnoException).code === 'string') return undefined;
    throw error;
  }
};

/** Reads seckey.txt; `undefined` if it is not of the usual kind. */
export const readPlainKeys = (armored: string): PlainKeys | undefined =>
  orUndefined(() => {
    const [, body = unusual()] =
      /^-----BEGIN PGP PRIVATE KEY BLOCK-----\r?\n(?:[^\r\n]+: [^\r\n]*\r?\n)*\r?\n([A-Za-z0-9+/=\r\n]+?)(?:\r?\n=[A-Za-z0-9+/]{4})?\r?\n-----END/m.exec(
        armored,
      ) ?? [];
    const bytes = Buffer.from(body, 'base64');
    try {
      const packets = readPackets(bytes).filter(
        (packet) => packet.tag === tag.secretKey || packet.tag === tag.secretSubkey,
      );
      const keys = packets.flatMap((packet) => readKeyPacket(packet.body) ?? []);
      return keys.length > 0 ? keys : unusual();
    } finally {
      bytes.fill(0);
    }
  });

/** The session key of the first packet that is for one of the keys. */
const sessionKeyOf = (packets: readonly Packet[], keys: PlainKeys): Buffer => {
  for (const { body } of packets) {
    const reader = new Reader(body);
    if (reader.u8() !== 3) unusual();
    const keyId = reader.take(8).toString('hex');
    const key = keys.find((known) => known.keyId === keyId);
    const decrypted = key?.decryptSessionKey(reader.take(reader.left));
    if (decrypted !== undefined) return decrypted;
  }
  return unusual();
};

const decryptProtected = (body: Buffer, sessionKey: Buffer): Buffer => {
  const keyBytes = aesBytes[sessionKey[0] ?? 0] ?? unusual();
  if (sessionKey.length !== keyBytes + 3 || body[0] !== 1 || body.length < 1 + PREFIX_BYTES + MDC_BYTES) unusual();
  const key = sessionKey.subarray(1, 1 + keyBytes);
  const sum = key.reduce((total, byte) => (total + byte) & 0xffff, 0);
  if (sum !== sessionKey.readUInt16BE(1 + keyBytes)) unusual();
  const cipher = createDecipheriv(`aes-${keyBytes * 8}-cfb`, key, Buffer.alloc(BLOCK_BYTES));
  const plain = cipher.update(body.subarray(1));
  const end = plain.length - SHA1_BYTES;
  const hash = createHash('sha1').update(plain.subarray(0, end)).digest();
  const isWhole = timingSafeEqual(hash, plain.subarray(end)) && plain.subarray(end - 2, end).equals(MDC_HEAD);
  return isWhole ? plain.subarray(PREFIX_BYTES, end - 2) : unusual();
};

const inflate = (body: Buffer): Buffer => {
  const options = { maxOutputLength: MAX_PLAINTEXT_BYTES };
  if (body[0] === 0) return body.subarray(1);
  if (body[0] === 1) return inflateRawSync(body.subarray(1), options);
  return body[0] === 2 ? inflateSync(body.subarray(1), options) : unusual();
};

const literalOf = (packets: readonly Packet[], mayBeCompressed: boolean): Buffer => {
  const [first] = packets;
  if (first?.tag === tag.compressed && packets.length === 1 && mayBeCompressed) {
    return literalOf(readPackets(inflate(first.body)), false);
  }
  const [literal, second] = packets.filter((packet) => packet.tag === tag.literal);
  if (literal === undefined || second !== undefined) unusual();
  const reader = new Reader(literal?.body ?? unusual());
  reader.take(1);
  reader.take(reader.u8());
  reader.take(4);
  return Buffer.from(reader.take(reader.left));
};

/** Opens a message; `undefined` if it is not of the usual kind, not whole, or for somebody else. */
export const openPlain = (message: Uint8Array, keys: PlainKeys): Buffer | undefined =>
  orUndefined(() => {
    const packets = readPackets(Buffer.from(message.buffer, message.byteOffset, message.length));
    const encrypted = packets.at(-1);
    const sessionKeys = packets.slice(0, -1);
    if (encrypted?.tag !== tag.integrityProtected) return undefined;
    if (sessionKeys.length === 0 || sessionKeys.some((packet) => packet.tag !== tag.sessionKey)) return undefined;
    const sessionKey = sessionKeyOf(sessionKeys, keys);
    const plain = decryptProtected(encrypted.body, sessionKey);
    sessionKey.fill(0);
    try {
      return literalOf(readPackets(plain), true);
    } finally {
      plain.fill(0);
    }
  });
