// What every password format has in common. A format is one value of this shape in a file of its own; who keeps or shows
// passwords needs no other knowledge of any of them. Refusals are values, bugs throw, and no message contains input.

import type { z } from 'zod';

/** Options as they come from YAML, JSON or a command line; each format checks those it knows and ignores the others. */
export type FormatOptions = Readonly<Record<string, unknown>>;

/** Why a format did not do what it was asked. Codes are stable. */
export type FormatRefusalCode =
  /** An option has the wrong type or value; `field` names it. */
  | 'invalid-option'
  /** An option that has no default is missing; `field` names it. */
  | 'missing-option'
  /** The format cannot take this password: a NUL byte, too long, not UTF-8. */
  | 'unsupported-password'
  /** The stored value, or the key material to import, is not of this format. */
  | 'not-this-format'
  /** The certificate authority is not there, is no authority, or has no private key. */
  | 'no-authority'
  /** Too many slow computations are waiting; ask again in a moment. */
  | 'busy'
  /** A library that the format needs is not installed; `message` names the Debian package. */
  | 'unavailable';

/** A refusal. */
export interface FormatRefused {
  readonly kind: 'refused';
  readonly code: FormatRefusalCode;
  /** The option at fault, with dots for nested ones: `argon2.t_cost`. */
  readonly field?: string;
  /** One sentence for people; never contains a password, key material or any other input. */
  readonly message: string;
}

/** A new stored value. */
export interface Derived {
  readonly kind: 'derived';
  /** The text to store, UTF-8, exactly; the caller wipes it. */
  readonly value: Uint8Array;
  /** Only where an authority signed: to be added to that authority's list of serials, in the same transaction. */
  readonly issued?: IssuedCertificate;
}

/** What an authority has to remember of a certificate that it signed. */
export interface IssuedCertificate {
  /** The name under which the authority is stored. */
  readonly authority: string;
  readonly serial: bigint;
}

/** A certificate authority as it is stored. */
export interface StoredAuthority {
  /** Its value of format `x509`, key and certificate; whoever asked for it wipes it. */
  readonly value: Uint8Array;
  /** Serials it has given out. */
  readonly usedSerials: ReadonlySet<bigint>;
}

/** What a value is made from. */
export interface DeriveRequest {
  /**
   * The password, UTF-8. Read before the returned promise is settled and never kept; the caller wipes it afterwards, not
   * earlier. Formats that are `generated` do not look at it: an empty one will do.
   */
  readonly plain: Uint8Array;
  /** The name under which the value will be stored. */
  readonly key: string;
  readonly options: FormatOptions;
  /** Fills with random bytes: salts come from here. (Key pairs come from OpenSSL's own generator.) */
  readonly random: (target: Uint8Array) => void;
  /** The time, in milliseconds since 1970: validity of certificates. */
  readonly nowUnixMs: number;
  /** Fetches what the option `ca` names. Without it an authority cannot be used: `no-authority`. */
  readonly fetchAuthority?: (name: string) => Promise<StoredAuthority | undefined>;
}

/** Key material somebody brings along, instead of having it generated. */
export type ImportRequest = Omit<DeriveRequest, 'plain'> & {
  /** PEM or the like; the caller wipes it. */
  readonly material: Uint8Array;
};

/** Whether a password belongs to a stored value. */
export type Verdict = { readonly kind: 'match' } | { readonly kind: 'mismatch' } | FormatRefused;

/** A partial view of a stored value. */
export interface Rendering {
  /** The flag in Trocla's option `render`. */
  readonly name: string;
  /** Whether it shows nothing secret, so that it may be given to whoever may not have the whole. */
  readonly isPublic: boolean;
}

/** A stored value as it is shown. */
export type Rendered = { readonly kind: 'rendered'; readonly text: Uint8Array } | FormatRefused;

/** One way to store a password, or one kind of key material. */
export interface PasswordFormat {
  /** Lower-case letters and digits, as in `trocla create KEY NAME`. */
  readonly name: string;
  /** One sentence: what it is, and who reads it. */
  readonly summary: string;
  /** `derived`: computed from the password. `generated`: makes its own key material, whatever the password. */
  readonly kind: 'derived' | 'generated';
  /** Whether one value takes milliseconds or more. Slow ones wait in a bounded queue and may be refused as `busy`. */
  readonly isSlow: boolean;
  /** Whether a reader of the stored value knows the password or a private key without guessing. */
  readonly isRecoverable: boolean;
  /** The options it takes; unknown ones are dropped. */
  readonly options: z.ZodType<object>;
  /** What `render` may choose, the one that wins first; empty for most formats. */
  readonly renderings: readonly Rendering[];

  /**
   * Makes the value to store. Refuses with `invalid-option`, `missing-option`, `unsupported-password`, `no-authority`,
   * `busy`, `unavailable`.
   */
  derive(request: DeriveRequest): Promise<Derived | FormatRefused>;

  /**
   * Tells whether `plain` belongs to `stored`, comparing in constant time. Neither is kept; the caller wipes both. Absent
   * from `generated` formats. Refuses with `not-this-format`, `busy`, `unavailable`, and `missing-option` where `context`
   * lacks what is needed; a password that the format cannot take is a mismatch.
   */
  readonly verify?: (plain: Uint8Array, stored: Uint8Array, context?: VerifyContext) => Promise<Verdict>;

  /** Whether `stored` has the form of this format. Looks at the form only; `plain` recognizes nothing. */
  recognizes(stored: Uint8Array): boolean;

  /**
   * Whether `stored` is weaker than what `derive` makes with these options: fewer rounds, less memory, an older scheme.
   * False where there is no such order. What is not of this format needs it, too; anything is of the format `plain`.
   */
  needsRehash(stored: Uint8Array, options: FormatOptions): boolean;

  /**
   * The value as it is shown: the part that `flag` names, or without one the whole as Trocla prints it. The caller wipes
   * the text, which is always a copy. Refuses with `not-this-format`, and `invalid-option` for a flag not in `renderings`.
   */
  render(stored: Uint8Array, flag?: string): Rendered;

  /** Takes key material that somebody brings along. Only `generated` formats have it; refuses with `not-this-format`. */
  readonly import?: (request: ImportRequest) => Promise<Derived | FormatRefused>;
}

/** What some formats need to know to verify, besides the stored value. */
export interface VerifyContext {
  /** The account's name: PostgreSQL's md5 is salted with it. */
  readonly username?: string;
}
