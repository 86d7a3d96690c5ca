// The formats of crypt(3): what differs between them is a prefix, a salt's length and how cost is counted.

import type { z } from 'zod';
import { crypt, MAX_CRYPT_PASSWORD_BYTES, makeSetting } from './crypt.ts';
import { defineFormat } from './define-format.ts';
import { areEqualBytes } from './equal-bytes.ts';
import type { Derived, FormatRefused, PasswordFormat, Verdict } from './password-format.ts';
import { refuse } from './refuse.ts';
import { LibraryMissingError } from './shared-library.ts';
import { runSlowly } from './slow-queue.ts';

/** What a method of crypt(3) is described by. */
export interface CryptDeclaration<Schema extends z.ZodType<object>> {
  readonly name: string;
  readonly summary: string;
  readonly options: Schema;
  /** The longest password it looks at, in bytes; libxcrypt's own limit otherwise. */
  readonly maxPasswordBytes?: (options: z.output<Schema>) => number;
  /** What begins a new hash, for crypt_gensalt(3). */
  readonly prefix: (options: z.output<Schema>) => string;
  /** Random bytes for a new salt. */
  readonly saltBytes: number;
  /** Cost as crypt_gensalt(3) counts it; 0 is the method's default. */
  readonly count: (options: z.output<Schema>) => number;
  /** Matches a whole hash. */
  readonly form: RegExp;
  /** How cost is compared; absent where it cannot be chosen. */
  readonly cost?: {
    /** Of a hash that has the form. */
    readonly ofStored: (stored: string) => number;
    readonly ofOptions: (options: z.output<Schema>) => number;
    /** A hash that costs more is not computed: it would keep a thread busy for minutes, or take all memory. */
    readonly most: number;
  };
}

/** Calls libcrypt for a stored hash of any method. The password is not kept; the caller wipes it. */
export const verifyCrypt = async (plain: Uint8Array, stored: string): Promise<Verdict> => {
  if (plain.includes(0) || plain.length > MAX_CRYPT_PASSWORD_BYTES) return { kind: 'mismatch' };
  const hashed = await callSlowly(() => crypt(plain, stored));
  if (typeof hashed === 'object') return hashed;
  if (hashed === undefined) return refuse('not-this-format', 'libcrypt cannot read this hash.');
  return { kind: areEqualBytes(Buffer.from(hashed, 'latin1'), Buffer.from(stored, 'latin1')) ? 'match' : 'mismatch' };
};

const callSlowly = async (work: () => Promise<string | undefined>): Promise<string | undefined | FormatRefused> => {
  try {
    return await runSlowly(work);
  } catch (error) {
    if (error instanceof LibraryMissingError) return refuse('unavailable', error.message);
    throw error;
  }
};

/** Why no method of crypt(3) takes this password, if so. */
const refuseForCrypt = (plain: Uint8Array, maxBytes = MAX_CRYPT_PASSWORD_BYTES): FormatRefused | undefined => {
  if (plain.includes(0)) return refuse('unsupported-password', 'The password contains a NUL byte.');
  if (plain.length <= maxBytes) return undefined;
  return refuse('unsupported-password', `The password is longer than the ${maxBytes} bytes that this format looks at.`);
};

/** Makes a format of a method of crypt(3). */
export const defineCryptFormat = <Schema extends z.ZodType<object>>(
  declaration: CryptDeclaration<Schema>,
): PasswordFormat => {
  const { prefix, count, saltBytes, form, cost, maxPasswordBytes } = declaration;
  const isForm = (stored: Uint8Array): boolean => {
    const whole = Buffer.from(stored).toString('latin1');
    return form.test(whole) && (cost === undefined || cost.ofStored(whole) <= cost.most);
  };
  return defineFormat<Schema>({
    name: declaration.name,
    summary: declaration.summary,
    options: declaration.options,
    isSlow: true,
    async derive({ plain, options, random }): Promise<Derived | FormatRefused> {
      const refused = refuseForCrypt(plain, maxPasswordBytes?.(options));
      if (refused) return refused;
      const salt = new Uint8Array(saltBytes);
      random(salt);
      const hashed = await callSlowly(async () => crypt(plain, makeSetting(prefix(options), count(options), salt)));
      if (typeof hashed === 'object') return hashed;
      if (hashed === undefined) throw new Error(`libcrypt did not take its own setting for ${declaration.name}`);
      return { kind: 'derived', value: Buffer.from(hashed, 'latin1') };
    },
    async verify(plain, stored) {
      if (!isForm(stored))
        return refuse('not-this-format', `This is no ${declaration.name} hash, or it costs too much.`);
      return verifyCrypt(plain, Buffer.from(stored).toString('latin1'));
    },
    recognizes: isForm,
    ...(cost && {
      needsRehash: (stored, options) => cost.ofStored(Buffer.from(stored).toString('latin1')) < cost.ofOptions(options),
    }),
  });
};
