// What Ruby keeps in Trocla's stores, as far as it does: hashes, lists, strings as bytes, numbers, fractions.

/** An exact fraction. */
export interface RubyRational {
  readonly numerator: bigint;
  readonly denominator: bigint;
}

/** A value as YAML or Marshal holds it. Strings are bytes, usually UTF-8. */
export type RubyValue =
  | null
  | boolean
  | number
  | bigint
  | Uint8Array
  | readonly RubyValue[]
  | ReadonlyMap<string, RubyValue>
  | RubyRational;

/** Whether it is a fraction. */
export const isRational = (value: RubyValue | undefined): value is RubyRational =>
  typeof value === 'object' && value !== null && 'denominator' in value;

/** Whether it is a hash. */
export const isHash = (value: RubyValue | undefined): value is ReadonlyMap<string, RubyValue> => value instanceof Map;
