// The code of a counter: HMAC, dynamic truncation, decimal digits. RFC 4226, section 5.3; RFC 6238, section 1.2.

import { Hmac, type HmacAlgorithm } from './hmac.ts';

/** How the codes of a credential are made. */
export interface CodeForm {
  readonly digits: number;
  readonly algorithm: HmacAlgorithm;
}

const COUNTER_BYTES = 8;

/** Makes the codes of one seed, of at most 64 bytes. Dispose of it: it holds the seed. */
export class CodeMaker implements Disposable {
  readonly #digits: number;
  readonly #hmac: Hmac;
  readonly #message = Buffer.alloc(COUNTER_BYTES);

  constructor(seed: Uint8Array, { digits, algorithm }: CodeForm) {
    this.#digits = digits;
    this.#hmac = new Hmac(algorithm, seed, COUNTER_BYTES);
  }

  /** The code of `counter`, 0 to 2^53 - 1, as ASCII digits with leading zeros. */
  at(counter: number): Buffer {
    this.#message.writeBigUInt64BE(BigInt(counter));
    const mac = this.#hmac.of(this.#message);
    const offset = (mac.at(-1) ?? 0) & 0x0f;
    const truncated = mac.readUInt32BE(offset) & 0x7fff_ffff;
    mac.fill(0);
    return Buffer.from(String(truncated % 10 ** this.#digits).padStart(this.#digits, '0'), 'ascii');
  }

  [Symbol.dispose](): void {
    this.#hmac[Symbol.dispose]();
  }
}

/** The code of `counter` of a seed; for many counters of one seed there is {@link CodeMaker}. */
export const oneTimeCode = (seed: Uint8Array, counter: number, form: CodeForm): Buffer => {
  using codes = new CodeMaker(seed, form);
  return codes.at(counter);
};

/** What somebody typed as a code, as ASCII digits; a single blank or dash inside is left out. */
export const parseCode = (text: string): Buffer | undefined => {
  const digits = text.trim().replace(/(?<=[0-9])[ -](?=[0-9])/, '');
  return /^[0-9]{6,8}$/.test(digits) ? Buffer.from(digits, 'ascii') : undefined;
};
