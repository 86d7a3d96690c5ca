// A share as people keep it: a line to be typed or pasted, with a checksum against mistakes, below two lines that say what it
// is. docs/formats/vault.md, "Shares".

import { createHash } from 'node:crypto';
import { ok, type Result, refuse } from '@chatelaine/contract';
import { MAX_SHARES, SecretBytes, type SecretShare } from '@chatelaine/secret';
import { KEY_BYTES } from './root-key.ts';
import { SLOT_ID_BYTES } from './store-keys.ts';

const PREFIX = 'chshare1-';
/** Crockford's: no letter that looks like a digit. */
const ALPHABET = '0123456789abcdefghjkmnpqrstvwxyz';
const GROUP = 8;
const STORE_ID_BYTES = 8;
const CHECKSUM_BYTES = 5;
const THRESHOLD_AT = STORE_ID_BYTES + SLOT_ID_BYTES;
const NUMBER_AT = THRESHOLD_AT + 1;
const VALUE_AT = NUMBER_AT + 1;
const CHECKSUM_AT = VALUE_AT + KEY_BYTES;
const BYTES = CHECKSUM_AT + CHECKSUM_BYTES;
const CHARACTERS = (BYTES * 8) / 5;
const COMMENT = 0x23;
const LINE_FEED = 0x0a;

/** A share with what it belongs to. Whoever holds it releases its value. */
export interface KeyShare extends SecretShare {
  /** The first 16 hex digits of the store's id. */
  readonly storeId: string;
  /** 16 hex digits. */
  readonly slotId: string;
  readonly threshold: number;
}

// A character of the input, by its code, as its five bits; -1 if it may stand between, -2 if it must not be there.
const VALUES: readonly number[] = Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code).toLowerCase();
  if (' -\t\r\n'.includes(character)) return -1;
  const looksLike: Readonly<Record<string, string>> = { o: '0', i: '1', l: '1' };
  const at = ALPHABET.indexOf(looksLike[character] ?? character);
  return at >= 0 ? at : -2;
});

const checksumOf = (bytes: Uint8Array): Buffer =>
  createHash('sha256').update(PREFIX).update(bytes.subarray(0, CHECKSUM_AT)).digest().subarray(0, CHECKSUM_BYTES);

const pack = (share: KeyShare): SecretBytes => {
  const packed = SecretBytes.allocate(BYTES);
  packed.bytes.write(share.storeId, 0, STORE_ID_BYTES, 'hex');
  packed.bytes.write(share.slotId, STORE_ID_BYTES, SLOT_ID_BYTES, 'hex');
  packed.bytes[THRESHOLD_AT] = share.threshold;
  packed.bytes[NUMBER_AT] = share.number;
  packed.bytes.set(share.value.bytes, VALUE_AT);
  packed.bytes.set(checksumOf(packed.bytes), CHECKSUM_AT);
  return packed;
};

/** The text of a share, in locked memory. The caller releases it and the share. */
export const formatShare = (share: KeyShare, storeId: string, shares: number): SecretBytes => {
  const comment = Buffer.from(
    `# Share ${share.number} of ${shares}. Any ${share.threshold} of them open the Chatelaine store ${storeId} and its backups.\n` +
      `# Keep it apart from the others. Key slot ${share.slotId}.\n${PREFIX}`,
    'ascii',
  );
  using packed = pack(share);
  const text = SecretBytes.allocate(comment.length + CHARACTERS + CHARACTERS / GROUP);
  text.bytes.set(comment);
  let at = comment.length;
  let [bits, held] = [0, 0];
  let written = 0;
  for (const byte of packed.bytes) {
    bits = ((bits & 0x1f) << 8) | byte;
    held += 8;
    while (held >= 5) {
      held -= 5;
      text.bytes[at++] = ALPHABET.charCodeAt((bits >> held) & 31);
      if (++written % GROUP === 0) text.bytes[at++] = written === CHARACTERS ? LINE_FEED : 0x2d;
    }
  }
  return text;
};

const wrong = (message: string) => refuse('invalid-input', { field: 'share', message });

/** Where the characters of a share begin: after comments and the prefix. */
const findStart = (text: Uint8Array): number | undefined => {
  let at = 0;
  for (; at < text.length; at++) {
    if (text[at] === COMMENT) while (at < text.length && text[at] !== LINE_FEED) at++;
    else if (VALUES[text[at] ?? 0] !== -1) break;
  }
  const front = Buffer.from(text.subarray(at, at + PREFIX.length))
    .toString('latin1')
    .toLowerCase();
  return front === PREFIX ? at + PREFIX.length : undefined;
};

const unpack = (text: Uint8Array, start: number, packed: SecretBytes): string | undefined => {
  let [bits, held, at, read] = [0, 0, 0, 0];
  for (const code of text.subarray(start)) {
    const value = VALUES[code] ?? -2;
    if (value === -2) return 'it has a character that no share has';
    if (value === -1) continue;
    if (++read > CHARACTERS) return `it is longer than ${CHARACTERS} characters`;
    bits = ((bits & 0xff) << 5) | value;
    held += 5;
    if (held >= 8) {
      held -= 8;
      packed.bytes[at++] = (bits >> held) & 0xff;
    }
  }
  return read < CHARACTERS ? `${CHARACTERS - read} characters are missing` : undefined;
};

/**
 * Reads the text of a share, its comments or only its line; capitals, spaces and line ends between do not matter. The caller
 * wipes `text`. Refusal: `invalid-input`, never with anything of the text.
 */
export const parseShare = (text: Uint8Array): Result<KeyShare> => {
  const start = findStart(text);
  if (start === undefined) return wrong(`a share begins with ${PREFIX}`);
  using packed = SecretBytes.allocate(BYTES);
  const problem = unpack(text, start, packed);
  if (problem !== undefined) return wrong(problem);
  const { bytes } = packed;
  if (!checksumOf(bytes).equals(bytes.subarray(CHECKSUM_AT))) return wrong('it has a typing mistake');
  const [threshold = 0, number = 0] = bytes.subarray(THRESHOLD_AT, VALUE_AT);
  if (threshold < 2 || threshold > MAX_SHARES || number < 1 || number > MAX_SHARES) return wrong('it is of no use');
  return ok({
    storeId: bytes.toString('hex', 0, STORE_ID_BYTES),
    slotId: bytes.toString('hex', STORE_ID_BYTES, THRESHOLD_AT),
    threshold,
    number,
    value: SecretBytes.copyOf(bytes.subarray(VALUE_AT, CHECKSUM_AT)),
  });
};
