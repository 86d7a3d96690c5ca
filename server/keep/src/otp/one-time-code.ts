// The code of a counter: HMAC, dynamic truncation, decimal digits. RFC 4226, section 5.3; RFC 6238, section 1.2.

import { createHmac } from 'node:crypto';

/** How the codes of a credential are made. */
export interface CodeForm {
  readonly digits: number;
  readonly algorithm: 'sha1' | 'sha256' | 'sha512';
}

/** The code of `counter`, 0 to 2^53 - 1, as ASCII digits with leading zeros. */
export const oneTimeCode = (seed: Uint8Array, counter: number, { digits, algorithm }: CodeForm): Buffer => {
  const message = Buffer.alloc(8);
  message.writeBigUInt64BE(BigInt(counter));
  const mac = createHmac(algorithm, seed).update(message).digest();
  const offset = (mac.at(-1) ?? 0) & 0x0f;
  const truncated = mac.readUInt32BE(offset) & 0x7fff_ffff;
  mac.fill(0);
  return Buffer.from(String(truncated % 10 ** digits).padStart(digits, '0'), 'ascii');
};

/** What somebody typed as a code, as ASCII digits; a single blank or dash inside is left out. */
export const parseCode = (text: string): Buffer | undefined => {
  const digits = text.trim().replace(/(?<=[0-9])[ -](?=[0-9])/, '');
  return /^[0-9]{6,8}$/.test(digits) ? Buffer.from(digits, 'ascii') : undefined;
};
