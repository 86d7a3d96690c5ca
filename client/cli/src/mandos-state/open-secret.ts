// Opens a secret of the saved state: an OpenPGP message that gpg encrypted with a pass phrase made of the secret that stood
// in clients.conf. The pass phrase is bytes, not text, and so its key is derived here; the rest is OpenPGP's.
// RFC 4880, 3.7.1.3 (iterated and salted S2K) and 5.3 (symmetric-key encrypted session key)

import { createHash } from 'node:crypto';
import { decrypt, readMessage } from 'openpgp';

const LONGEST_HEX = 2_048;

/** The pass phrase that Mandos makes of a secret. */
export const passPhraseOf = (configured: Uint8Array): Buffer => {
  const hex = Buffer.from(`mandos${Buffer.from(configured).toString('hex')}`);
  if (hex.length <= LONGEST_HEX) return hex;
  const escaped = Buffer.from(configured)
    .toString('latin1')
    .replaceAll('\\', '\\\\')
    .replaceAll('\n', '\\n')
    .replaceAll('\0', '\\x00');
  return Buffer.from(`mandos${escaped}`, 'latin1');
};

// Numbers of RFC 4880, 9.2 and 9.4.
const ciphers: ReadonlyMap<number, readonly [name: 'aes128' | 'aes192' | 'aes256', keyBytes: number]> = new Map([
  [7, ['aes128', 16]],
  [8, ['aes192', 24]],
  [9, ['aes256', 32]],
]);
const hashes: ReadonlyMap<number, string> = new Map([
  [2, 'sha1'],
  [8, 'sha256'],
  [9, 'sha384'],
  [10, 'sha512'],
]);

const ITERATED_AND_SALTED = 3;
const PACKET_BYTES = 13;

/** Hashes salt and pass phrase over and over, `count` bytes of them, or once if that is more. */
const hashRepeatedly = (hash: string, zeros: number, unit: Buffer, count: number): Buffer => {
  const digest = createHash(hash).update(Buffer.alloc(zeros));
  const block = Buffer.alloc(unit.length * Math.max(1, Math.floor(1_048_576 / unit.length)), unit);
  let left = Math.max(count, unit.length);
  for (; left >= block.length; left -= block.length) digest.update(block);
  return digest.update(block.subarray(0, left)).digest();
};

interface SessionKey {
  readonly data: Uint8Array;
  readonly algorithm: 'aes128' | 'aes192' | 'aes256';
}

/** The session key of the packet a message begins with; `undefined` if it is not of the kind that gpg makes here. */
const sessionKeyOf = (message: Buffer, passPhrase: Buffer): SessionKey | undefined => {
  // Tag 3 with a length of one byte, in the old or the new format; without an encrypted session key its size is fixed.
  const isPacket = (message[0] === 0x8c || message[0] === 0xc3) && message[1] === PACKET_BYTES && message[2] === 4;
  const packet = message.subarray(2, 2 + PACKET_BYTES);
  const cipher = ciphers.get(packet[1] ?? 0);
  const hash = hashes.get(packet[3] ?? 0);
  if (!isPacket || packet.length < PACKET_BYTES || cipher === undefined || hash === undefined) return undefined;
  if (packet[2] !== ITERATED_AND_SALTED) return undefined;
  const coded = packet[12] ?? 0;
  const count = (16 + (coded & 15)) * 2 ** ((coded >> 4) + 6);
  const unit = Buffer.concat([packet.subarray(4, 12), passPhrase]);
  const [algorithm, keyBytes] = cipher;
  const parts: Buffer[] = [];
  for (let have = 0; have < keyBytes; have += parts.at(-1)?.length ?? keyBytes) {
    parts.push(hashRepeatedly(hash, parts.length, unit, count));
  }
  return { data: Uint8Array.from(Buffer.concat(parts).subarray(0, keyBytes)), algorithm };
};

/**
 * The secret as it was when the server stopped; `undefined` if the message does not open, because the configured secret is
 * another one by now.
 */
export const openSavedSecret = async (saved: Uint8Array, configured: Uint8Array): Promise<Uint8Array | undefined> => {
  const sessionKeys = sessionKeyOf(Buffer.from(saved), passPhraseOf(configured));
  if (sessionKeys === undefined) return undefined;
  try {
    const message = await readMessage({ binaryMessage: saved });
    const { data } = await decrypt({ message, sessionKeys, format: 'binary' });
    return data;
  } catch {
    return undefined;
  }
};
