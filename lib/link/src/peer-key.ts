// Peer keys as files: one line of JSON, for its owner alone. Whoever can read such a file is the peer.
//
//   {"format":1,"identity":"gate","role":"gate","uid":120,"key":"<base64 of 32 bytes>"}

import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Role, roles } from '@chatelaine/contract';
import { isPeerIdentity, type PeerKey } from './peer.ts';

const KEY_BYTES = 32;
const MAX_FILE_BYTES = 4_096;
const READABLE_BY_OTHERS = 0o077;
const SUFFIX = '.key';

/** A peer key file cannot be used; says which and why, never what is in it. */
export class PeerKeyFileError extends Error {
  override readonly name = 'PeerKeyFileError';
}

const isRole = (value: unknown): value is Role => roles.some((role) => role === value);

const isUid = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < 2 ** 32 - 1;

/** Makes a peer with a fresh random key. Throws if identity or uid are none. */
export const makePeerKey = (identity: string, role: Role, uid?: number): PeerKey => {
  if (!isPeerIdentity(identity)) throw new TypeError('a peer identity is 1 to 64 of a-z, 0-9 and -');
  if (uid !== undefined && !isUid(uid)) throw new TypeError('a uid is a whole number below 2^32-1');
  return { identity, role, key: randomBytes(KEY_BYTES), ...(uid !== undefined && { uid }) };
};

/** The peer key that the text of a file is. Throws {@link PeerKeyFileError}, with `path` in its words. */
export const parsePeerKey = (text: string, path: string): PeerKey => {
  let fields: Readonly<Record<string, unknown>>;
  try {
    fields = Object(JSON.parse(text));
  } catch {
    throw new PeerKeyFileError(`${path} is not a peer key: it is not JSON`);
  }
  const { format, identity, role, uid, key: encoded } = fields;
  if (format !== 1) throw new PeerKeyFileError(`${path} has a format that this version does not know`);
  if (typeof identity !== 'string' || !isPeerIdentity(identity))
    throw new PeerKeyFileError(`${path}: identity is wrong`);
  if (!isRole(role)) throw new PeerKeyFileError(`${path}: role is none of ${roles.join(', ')}`);
  if (uid !== undefined && !isUid(uid)) throw new PeerKeyFileError(`${path}: uid is wrong`);
  const key = typeof encoded === 'string' ? Buffer.from(encoded, 'base64') : Buffer.alloc(0);
  if (key.length !== KEY_BYTES) throw new PeerKeyFileError(`${path}: key is not ${KEY_BYTES} bytes in base64`);
  const own = Buffer.allocUnsafeSlow(KEY_BYTES);
  key.copy(own);
  key.fill(0);
  return { identity, role, key: own, ...(uid !== undefined && { uid }) };
};

const readWhole = async (file: FileHandle, path: string): Promise<string> => {
  const found = await file.stat();
  if (!found.isFile()) throw new PeerKeyFileError(`${path} is not a regular file`);
  if ((found.mode & READABLE_BY_OTHERS) !== 0) {
    throw new PeerKeyFileError(`${path} can be used by others than its owner: chmod 600 ${path}`);
  }
  if (found.size > MAX_FILE_BYTES) throw new PeerKeyFileError(`${path} is too long for a peer key`);
  const bytes = await file.readFile();
  const text = bytes.toString('utf8');
  bytes.fill(0);
  return text;
};

/**
 * Reads a peer key. Rejects with {@link PeerKeyFileError} if others can read the file or it is no peer key, with the
 * system's error if it cannot be read. The key passes through a string on the way, as the format is text.
 */
export const readPeerKey = async (path: string): Promise<PeerKey> => {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    return parsePeerKey(await readWhole(file, path), path);
  } finally {
    await file.close();
  }
};

/** Reads every `*.key` of a directory. Rejects as {@link readPeerKey} does, and if two name the same peer. */
export const readPeerKeys = async (directory: string): Promise<ReadonlyMap<string, PeerKey>> => {
  const keys = new Map<string, PeerKey>();
  const names = (await readdir(directory)).filter((name) => name.endsWith(SUFFIX)).toSorted();
  for (const name of names) {
    const path = join(directory, name);
    const key = await readPeerKey(path);
    if (keys.has(key.identity)) throw new PeerKeyFileError(`${path} names the peer ${key.identity} a second time`);
    keys.set(key.identity, key);
  }
  return keys;
};

const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(dirname(path), constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};

/** Writes a new file of mode 0600, durably. Rejects if it is there already (`EEXIST`). */
export const writePeerKey = async (path: string, peerKey: PeerKey): Promise<void> => {
  const { identity, role, uid, key } = peerKey;
  const encoded = Buffer.from(key.buffer, key.byteOffset, key.length).toString('base64');
  const line = Buffer.from(`${JSON.stringify({ format: 1, identity, role, uid, key: encoded })}\n`);
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(line);
    await file.sync();
  } finally {
    line.fill(0);
    await file.close();
  }
  await syncDirectory(path);
};
