// An opener written from docs/formats/vault.md alone, on Node's own cryptography: what a stranger would write. It shares no
// code and no library with the vault, so that neither the page nor the vault can drift.

import { argon2Sync, createDecipheriv, createPrivateKey, createPublicKey, diffieHellman } from 'node:crypto';
import { blake2b } from './plain-blake2b.ts';

const rotate = (value: number, by: number): number => (value << by) | (value >>> (32 - by));

/** HChaCha20: draft-irtf-cfrg-xchacha-03, 2.2. */
const deriveSubkey = (key: Buffer, nonce: Buffer): Buffer => {
  const start = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];
  const words = new Int32Array(16);
  for (let at = 0; at < 4; at++) words[at] = start[at] ?? 0;
  for (let at = 0; at < 8; at++) words[4 + at] = key.readInt32LE(4 * at);
  for (let at = 0; at < 4; at++) words[12 + at] = nonce.readInt32LE(4 * at);
  const word = (at: number): number => words[at] ?? 0;
  const mix = (a: number, b: number, c: number, d: number): void => {
    words[a] = word(a) + word(b);
    words[d] = rotate(word(d) ^ word(a), 16);
    words[c] = word(c) + word(d);
    words[b] = rotate(word(b) ^ word(c), 12);
    words[a] = word(a) + word(b);
    words[d] = rotate(word(d) ^ word(a), 8);
    words[c] = word(c) + word(d);
    words[b] = rotate(word(b) ^ word(c), 7);
  };
  for (let round = 0; round < 10; round++) {
    for (let at = 0; at < 4; at++) mix(at, 4 + at, 8 + at, 12 + at);
    for (let at = 0; at < 4; at++) mix(at, 4 + ((at + 1) % 4), 8 + ((at + 2) % 4), 12 + ((at + 3) % 4));
  }
  const subkey = Buffer.alloc(32);
  [0, 1, 2, 3, 12, 13, 14, 15].forEach((from, at) => {
    subkey.writeInt32LE(word(from), 4 * at);
  });
  return subkey;
};

const H = (key: Buffer, ...data: Buffer[]): Buffer => blake2b(key, Buffer.concat(data), 32);

const ascii = (text: string): Buffer => Buffer.from(text, 'ascii');

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

/** Throws if it does not verify. */
const open = (key: Buffer, nonce: Buffer, ad: Buffer, sealed: Buffer): Buffer => {
  const inner = Buffer.concat([Buffer.alloc(4), nonce.subarray(16)]);
  const cipher = createDecipheriv('chacha20-poly1305', deriveSubkey(key, nonce), inner, { authTagLength: 16 });
  const length = sealed.length - 16;
  cipher.setAAD(ad, { plaintextLength: length });
  cipher.setAuthTag(sealed.subarray(length));
  return Buffer.concat([cipher.update(sealed.subarray(0, length)), cipher.final()]);
};

interface Box {
  readonly head: Record<string, unknown>;
  open(key: Buffer, domain: string, place: Buffer): Buffer;
}

const readBox = (bytes: Buffer, formats = [1]): Box => {
  if (!formats.includes(bytes[0] ?? 0)) throw new Error('not of a format that is known');
  const nonceAt = 5 + bytes.readUInt32BE(1);
  const front = bytes.subarray(0, nonceAt);
  return {
    head: JSON.parse(bytes.toString('utf8', 5, nonceAt)) as Record<string, unknown>,
    open: (key, domain, place) => {
      const ad = Buffer.concat([ascii(`chatelaine ${domain}\0${place.toString('hex')}\0`), front]);
      return open(key, bytes.subarray(nonceAt, nonceAt + 24), ad, bytes.subarray(nonceAt + 24));
    },
  };
};

/** Keys by number. */
type Keys = ReadonlyMap<number, Buffer>;

const openValue = (value: Buffer, keys: Keys, domain: string, place: Buffer): Buffer => {
  const key = keys.get(value.readUInt32BE(1));
  if (value[0] !== 1 || key === undefined) throw new Error('not format 1 with a key that is there');
  const ad = Buffer.concat([ascii(`chatelaine ${domain}\0`), value.subarray(0, 5), place]);
  return open(key, value.subarray(5, 29), ad, value.subarray(29));
};

/** What lies in the store: keys and values in hex, audit payloads in hex. */
export interface DumpedStore {
  readonly storeId: string;
  readonly revision: number;
  readonly entries: readonly { readonly key: string; readonly value: string }[];
  readonly audit: readonly { readonly lane: number; readonly payload: string }[];
  /** Absent of a backup. */
  readonly anchor?: string;
}

/** What an opener finds. */
export interface PlainContents {
  readonly rootKeyId: string;
  readonly purpose: unknown;
  readonly records: readonly { readonly collection: string; readonly path: string; readonly value: string }[];
  readonly audit: readonly { readonly lane: number; readonly record: string }[];
  readonly anchor?: Record<string, unknown>;
}

// RFC 8410: the fixed front of an X25519 key in DER.
const SECRET_KEY = Buffer.from('302e020100300506032b656e04220420', 'hex');
const PUBLIC_KEY = Buffer.from('302a300506032b656e032100', 'hex');

/** The key that a slot sealed to its public key opens with. */
const agreedKey = (slotKey: Buffer, ephemeral: Buffer): Buffer => {
  const secret = H(slotKey, ascii('chatelaine slot recipient\0'));
  const privateKey = createPrivateKey({ key: Buffer.concat([SECRET_KEY, secret]), format: 'der', type: 'pkcs8' });
  const recipient = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(PUBLIC_KEY.length);
  const publicKey = createPublicKey({ key: Buffer.concat([PUBLIC_KEY, ephemeral]), format: 'der', type: 'spki' });
  const shared = diffieHellman({ privateKey, publicKey });
  return H(shared, ascii('chatelaine slot agreed\0'), ephemeral, recipient);
};

const openRoot = (slots: readonly { key: Buffer; value: Buffer }[], kind: string, secret: Buffer): Buffer => {
  for (const { key, value } of slots) {
    const box = readBox(value);
    if (box.head['kind'] !== kind) continue;
    const salt = Buffer.from(String(box.head['salt']), 'hex');
    const slotKey =
      kind === 'key-file'
        ? H(salt, ascii('chatelaine key file\0'), secret)
        : argon2Sync('argon2id', {
            message: secret,
            nonce: salt,
            parallelism: 1,
            tagLength: 32,
            memory: Number(box.head['memoryKiB']),
            passes: Number(box.head['passes']),
          });
    try {
      const { ephemeral } = box.head;
      const opening = ephemeral === undefined ? slotKey : agreedKey(slotKey, Buffer.from(String(ephemeral), 'hex'));
      return box.open(opening, 'key slot', key);
    } catch {
      // Another slot's secret.
    }
  }
  throw new Error('no slot opens with this');
};

/** Opens everything. Throws if anything is not as the page says. */
export const openPlainly = (store: DumpedStore, kind: 'pass-phrase' | 'key-file', secret: Buffer): PlainContents => {
  const entries = store.entries.map(({ key, value }) => ({
    key: Buffer.from(key, 'hex'),
    value: Buffer.from(value, 'hex'),
  }));
  const below = (...prefix: number[]) => entries.filter(({ key }) => prefix.every((byte, at) => key[at] === byte));
  const root = openRoot(below(1), kind, secret);
  const derive = (purpose: string): Buffer => H(root, ascii('chatelaine vault 1\0'), ascii(purpose));
  const [header] = below(0);
  if (header === undefined) throw new Error('no header');
  const headerBox = readBox(header.value, [1, 2]);
  headerBox.open(derive('header'), 'header', header.key);
  const rootKeyId = derive('root key id').toString('hex', 0, 8);
  if (headerBox.head['rootKeyId'] !== rootKeyId) throw new Error('another root key');
  const unwrap = ({ key, value }: { key: Buffer; value: Buffer }): Buffer =>
    readBox(value).open(derive('wrapping'), 'wrapped key', key);
  const keysOf = (found: typeof entries): Keys =>
    new Map(found.map((entry) => [entry.key.readUInt32BE(entry.key.length - 4), unwrap(entry).subarray(0, 32)]));
  const [blinding, auditKeys] = [keysOf(below(2, 1)).get(1), keysOf(below(2, 2))];
  if (blinding === undefined || auditKeys.size === 0) throw new Error('a key is missing');
  const collections = new Set(below(2, 3).map((entry) => unwrap(entry).toString('utf8', 32)));
  const records = [...collections].flatMap((collection) => {
    const chain = H(blinding, Buffer.from([0]), Buffer.from(collection));
    const id = chain.subarray(0, 16);
    const keys = keysOf(below(2, 3, ...id));
    if (keys.size === 0) throw new Error('the collection has another id');
    return below(3, ...id).map((stored) => {
      const plain = openValue(stored.value, keys, 'record', stored.key);
      const valueAt = 2 + plain.readUInt16BE();
      const path = plain.toString('utf8', 2, valueAt);
      let link = chain;
      const ids = path.split('/').map((segment) => {
        link = H(blinding, Buffer.from([1]), link, Buffer.from(segment));
        return link.subarray(0, 16);
      });
      if (!stored.key.equals(Buffer.concat([Buffer.from([3]), id, ...ids])))
        throw new Error('the name is blinded otherwise');
      return { collection, path, value: plain.toString('hex', valueAt) };
    });
  });
  const audit = store.audit.map(({ lane, payload }) => {
    const record = openValue(Buffer.from(payload, 'hex'), auditKeys, 'audit', u32(lane));
    return { lane, record: record.toString('hex') };
  });
  const contents = { rootKeyId, purpose: headerBox.head['purpose'], records, audit };
  if (store.anchor === undefined) return contents;
  const anchor = readBox(Buffer.from(store.anchor, 'hex'));
  anchor.open(derive('anchor'), 'anchor', Buffer.alloc(0));
  return { ...contents, anchor: anchor.head };
};
