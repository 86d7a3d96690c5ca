// What the keep needs to ask another server for what opens it: where that server is, a TLS key to be known by, and a key
// without which the other server's answer is of no use. It lies in the keep's directory, unencrypted like the keys that a
// machine boots with: who has both this disk and the other server's answer opens the store.

import { createHash, generateKeyPairSync } from 'node:crypto';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { mkdir, open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  fillRandom,
  openSealed,
  SEAL_KEY_BYTES,
  SEAL_NONCE_BYTES,
  SEAL_TAG_BYTES,
  type SecretBytes,
  sealInto,
  wipe,
} from '@chatelaine/secret';
import * as z from 'zod';

const SLOT_SECRET_BYTES = 32;
const ASSOCIATED = Buffer.from('chatelaine peer slot v1\0', 'ascii');

const placeForm = z.strictObject({
  format: z.literal(1),
  address: z.string(),
  port: z.number().int().min(1).max(65_535),
  slot: z.string().regex(/^[0-9a-f]{16}$/),
});

/** Another server that may open this one. */
export interface Peer {
  readonly address: string;
  readonly port: number;
  /** The key slot that its answer opens. */
  readonly slot: string;
  readonly directory: string;
}

/** Material for a new peer, not yet on disk. */
export interface NewPeer {
  /** Opens the key slot. The caller wipes it. */
  readonly slotSecret: Buffer;
  /** What the other server keeps. */
  readonly blob: Buffer;
  readonly keyId: string;
  readonly publicPem: Buffer;
  readonly privatePem: Buffer;
  readonly wrapKey: Buffer;
}

const directoryOf = (keepDirectory: string): string => join(keepDirectory, 'peers');

/** Makes keys and a secret. The caller wipes `slotSecret`, `privatePem` and `wrapKey`. */
export const makePeer = (): NewPeer => {
  const slotSecret = Buffer.alloc(SLOT_SECRET_BYTES);
  const wrapKey = Buffer.alloc(SEAL_KEY_BYTES);
  const nonce = Buffer.alloc(SEAL_NONCE_BYTES);
  for (const bytes of [slotSecret, wrapKey, nonce]) fillRandom(bytes);
  const sealed = Buffer.alloc(SLOT_SECRET_BYTES + SEAL_TAG_BYTES);
  sealInto(sealed, slotSecret, { key: wrapKey, nonce, associated: ASSOCIATED });
  const { publicKey, privateKey } = generateKeyPairSync('ed25519');
  return {
    slotSecret,
    blob: Buffer.concat([nonce, sealed]),
    keyId: createHash('sha256')
      .update(publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
    publicPem: Buffer.from(publicKey.export({ type: 'spki', format: 'pem' })),
    privatePem: Buffer.from(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    wrapKey,
  };
};

const writeDurably = async (file: string, content: Uint8Array): Promise<void> => {
  const handle = await open(file, 'wx', 0o600);
  try {
    await handle.writeFile(content);
    await handle.sync();
  } finally {
    await handle.close();
  }
};

const syncDirectory = async (directory: string): Promise<void> => {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
};

/** Puts a new peer on disk, under the name of its key slot; durable when it resolves. */
export const writePeer = async (
  keepDirectory: string,
  made: NewPeer,
  place: Omit<Peer, 'directory'>,
): Promise<void> => {
  const all = directoryOf(keepDirectory);
  const directory = join(all, `${place.slot}.new`);
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await writeDurably(join(directory, 'tls-pubkey.pem'), made.publicPem);
  await writeDurably(join(directory, 'tls-privkey.pem'), made.privatePem);
  await writeDurably(join(directory, 'wrap.key'), made.wrapKey);
  await writeDurably(join(directory, 'peer.json'), Buffer.from(`${JSON.stringify({ format: 1, ...place })}\n`));
  await syncDirectory(directory);
  renameSync(directory, join(all, place.slot));
  await syncDirectory(all);
};

/** Forgets the peer of a key slot, if it is one. */
export const forgetPeer = (keepDirectory: string, slot: string): void =>
  rmSync(join(directoryOf(keepDirectory), slot), { recursive: true, force: true });

/** Every peer on disk. Throws if one cannot be read. */
export const readPeers = async (keepDirectory: string): Promise<readonly Peer[]> => {
  const all = directoryOf(keepDirectory);
  const names = await readdir(all).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .filter((name) => /^[0-9a-f]{16}$/.test(name))
    .map((name) => {
      const directory = join(all, name);
      const { format, ...place } = placeForm.parse(JSON.parse(readFileSync(join(directory, 'peer.json'), 'utf8')));
      return { ...place, directory };
    });
};

/** Opens what the other server kept; `undefined` if it is not what was made for this peer. The caller releases. */
export const openBlob = (peer: Peer, blob: Uint8Array): SecretBytes | undefined => {
  const key = readFileSync(join(peer.directory, 'wrap.key'));
  try {
    if (blob.length !== SEAL_NONCE_BYTES + SLOT_SECRET_BYTES + SEAL_TAG_BYTES || key.length !== SEAL_KEY_BYTES) {
      return undefined;
    }
    const nonce = blob.subarray(0, SEAL_NONCE_BYTES);
    return openSealed(blob.subarray(SEAL_NONCE_BYTES), { key, nonce, associated: ASSOCIATED });
  } finally {
    wipe(key);
  }
};
