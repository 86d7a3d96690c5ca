// Options that no schema knows. Invariant: a misspelt option is an error that names what was probably meant; it is never
// quietly without effect.

import type * as z from 'zod';

type Schema = z.core.$ZodType;

/** An option that is not known, and those that are known in its place. */
export interface UnknownOption {
  readonly path: readonly (string | number)[];
  readonly known: readonly string[];
}

const isTable = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);

/** Without what only adds a default, a check or the like. */
const unwrapped = (schema: Schema): Schema => {
  const { def } = schema._zod as {
    readonly def: { readonly innerType?: Schema; readonly in?: Schema; readonly type: string };
  };
  if (def.innerType !== undefined) return unwrapped(def.innerType);
  return def.type === 'pipe' && def.in !== undefined ? unwrapped(def.in) : schema;
};

/** The options in `value` that `schema` does not know. Unions and open tables are left to the schema itself. */
export const unknownOptions = (
  schema: Schema,
  value: unknown,
  path: readonly (string | number)[] = [],
): readonly UnknownOption[] => {
  const { def } = unwrapped(schema)._zod as {
    readonly def: {
      readonly type: string;
      readonly shape?: Readonly<Record<string, Schema>>;
      readonly catchall?: Schema;
      readonly element?: Schema;
    };
  };
  if (def.element !== undefined && Array.isArray(value)) {
    const { element } = def;
    return value.flatMap((item: unknown, index) => unknownOptions(element, item, [...path, index]));
  }
  if (def.shape === undefined || !isTable(value)) return [];
  const { shape } = def;
  const isOpen = def.catchall !== undefined && def.catchall._zod.def.type !== 'never';
  return Object.entries(value).flatMap(([name, inner]) => {
    const known = Object.hasOwn(shape, name) ? shape[name] : undefined;
    if (known !== undefined) return unknownOptions(known, inner, [...path, name]);
    return isOpen ? [] : [{ path: [...path, name], known: Object.keys(shape) }];
  });
};

/** Single-character edits from one word to the other, two neighbours swapped being one. */
const editDistance = (from: string, to: string): number => {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let row = 1; row <= from.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= to.length; column += 1) {
      const isSame = from[row - 1] === to[column - 1];
      const [above, left, diagonal] = [last[column] ?? 0, current[column - 1] ?? 0, last[column - 1] ?? 0];
      let least = Math.min(above + 1, left + 1, diagonal + (isSame ? 0 : 1));
      const isSwap = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (isSwap) least = Math.min(least, (beforeLast[column - 2] ?? 0) + 1);
      current.push(least);
    }
    beforeLast = last;
    last = current;
  }
  return last[to.length] ?? 0;
};

/** The word of `known` that was probably meant, if one is near enough. */
export const nearestWord = (word: string, known: readonly string[]): string | undefined => {
  const plain = (text: string): string => text.toLowerCase().replaceAll('-', '_');
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(plain(word.slice(0, 64)), plain(candidate)) }))
    .sort((one, other) => one.distance - other.distance);
  const best = ranked[0];
  return best !== undefined && best.distance <= Math.max(1, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : undefined;
};
