// Values of D-Bus as this program holds them: `y n q i u d h` are numbers, `x t` numbers or bigints, `b` booleans, `s o g`
// strings, `ay` bytes, other arrays and structs arrays, `a{..}` arrays of pairs.

/** A value whose signature travels with it. */
export interface Variant {
  readonly signature: string;
  readonly value: WireValue;
}

export type WireValue = number | bigint | boolean | string | Uint8Array | Variant | readonly WireValue[];

/** Makes a variant. */
export const variant = (signature: string, value: WireValue): Variant => ({ signature, value });

/** Whether a value is a variant. */
export const isVariant = (value: WireValue | undefined): value is Variant =>
  typeof value === 'object' && 'signature' in value;
