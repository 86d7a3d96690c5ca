// PEM (RFC 7468) in bytes: what is inside may be a private key.

import { encodeBase64 } from './base64.ts';
import { joinBytes, wipe } from './wipe.ts';

const LINE = 64;
const NEWLINE = 0x0a;

/** A block of a PEM text. Both views share the memory of what was searched. */
export interface PemBlock {
  readonly label: string;
  /** From the first dash to the last, without the newline behind it. */
  readonly whole: Buffer;
  /** Where it begins and ends in what was searched. */
  readonly start: number;
  readonly end: number;
}

/** One block as text, ended by a newline; the caller wipes it. */
export const pemText = (label: string, der: Uint8Array, lineLength = LINE): Buffer => {
  const encoded = encodeBase64(der);
  const lines: Uint8Array[] = [];
  for (let from = 0; from < encoded.length; from += lineLength) {
    lines.push(encoded.subarray(from, from + lineLength), Uint8Array.of(NEWLINE));
  }
  const text = joinBytes(Buffer.from(`-----BEGIN ${label}-----\n`), ...lines, Buffer.from(`-----END ${label}-----\n`));
  wipe(encoded);
  return text;
};

/** The blocks of `text`, in their order. What is not closed is no block. */
export const pemBlocks = (text: Uint8Array): readonly PemBlock[] => {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  const blocks: PemBlock[] = [];
  const begin = '-----BEGIN ';
  for (let from = bytes.indexOf(begin); from >= 0; from = bytes.indexOf(begin, from)) {
    const labelEnd = bytes.indexOf('-----', from + begin.length);
    const label = labelEnd < 0 ? '' : bytes.toString('latin1', from + begin.length, labelEnd);
    const endLine = `-----END ${label}-----`;
    const end = labelEnd < 0 ? -1 : bytes.indexOf(endLine, labelEnd);
    if (end < 0 || !/^[A-Z0-9 ]+$/.test(label)) {
      from += begin.length;
      continue;
    }
    const after = end + endLine.length;
    blocks.push({ label, whole: bytes.subarray(from, after), start: from, end: after });
    from = after;
  }
  return blocks;
};
