// Types of D-Bus as signatures write them. D-Bus specification, "Type System"

/** A single complete type. */
export type WireType =
  | { readonly kind: 'basic'; readonly code: BasicCode }
  | { readonly kind: 'variant' }
  | { readonly kind: 'array'; readonly element: WireType }
  | { readonly kind: 'dictionary'; readonly key: WireType; readonly value: WireType }
  | { readonly kind: 'struct'; readonly fields: readonly WireType[] };

const basicCodes = ['y', 'b', 'n', 'q', 'i', 'u', 'x', 't', 'd', 'h', 's', 'o', 'g'] as const;
/** Code of a type that holds no others. */
export type BasicCode = (typeof basicCodes)[number];

/** What is sent or received does not have the form that D-Bus asks for. */
export class WireFormError extends Error {
  override readonly name = 'WireFormError';
}

const MAX_SIGNATURE_LENGTH = 255;
const MAX_ARRAYS = 32;
const MAX_STRUCTS = 32;

const isBasicCode = (code: string): code is BasicCode => (basicCodes as readonly string[]).includes(code);

class SignatureReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#text.length;
  }

  next(arrays: number, structs: number): WireType {
    const code = this.#text[this.#at++] ?? '';
    if (isBasicCode(code)) return { kind: 'basic', code };
    if (code === 'v') return { kind: 'variant' };
    if (code === 'a' && arrays < MAX_ARRAYS) {
      return this.#text[this.#at] === '{'
        ? this.#dictionary(arrays + 1, structs + 1)
        : { kind: 'array', element: this.next(arrays + 1, structs) };
    }
    if (code === '(' && structs < MAX_STRUCTS) {
      const fields: WireType[] = [];
      do fields.push(this.next(arrays, structs + 1));
      while (this.#text[this.#at] !== ')');
      this.#at++;
      return { kind: 'struct', fields };
    }
    throw new WireFormError('a signature is wrong');
  }

  #dictionary(arrays: number, structs: number): WireType {
    this.#at++;
    const key = this.next(arrays, structs);
    const value = this.next(arrays, structs);
    if (key.kind !== 'basic' || this.#text[this.#at++] !== '}' || structs > MAX_STRUCTS) {
      throw new WireFormError('a signature is wrong');
    }
    return { kind: 'dictionary', key, value };
  }
}

const parse = (signature: string): readonly WireType[] => {
  if (signature.length > MAX_SIGNATURE_LENGTH) throw new WireFormError('a signature is too long');
  const reader = new SignatureReader(signature);
  const types: WireType[] = [];
  while (!reader.isAtEnd) types.push(reader.next(0, 0));
  return types;
};

const ownSignatures = new Map<string, readonly WireType[]>();

/** The types of a signature that this program wrote; read once. Throws {@link WireFormError} if it is none. */
export const typesOf = (signature: string): readonly WireType[] => {
  let types = ownSignatures.get(signature);
  if (types === undefined) {
    types = parse(signature);
    ownSignatures.set(signature, types);
  }
  return types;
};

/** The types of a signature that somebody else wrote. Throws {@link WireFormError} if it is none. */
export const parseSignature = (signature: string): readonly WireType[] =>
  ownSignatures.get(signature) ?? parse(signature);

/** The boundary that a type begins at. */
export const alignmentOf = (type: WireType): number => {
  switch (type.kind) {
    case 'variant':
      return 1;
    case 'array':
    case 'dictionary':
      return 4;
    case 'struct':
      return 8;
    case 'basic':
      return ['s', 'o'].includes(type.code) ? 4 : sizeOf[type.code] || 1;
  }
};

/** Bytes of the types of a fixed size, which also begin at a multiple of it; 0 for text. */
export const sizeOf: Readonly<Record<BasicCode, number>> = {
  y: 1,
  b: 4,
  n: 2,
  q: 2,
  i: 4,
  u: 4,
  x: 8,
  t: 8,
  d: 8,
  h: 4,
  s: 0,
  o: 0,
  g: 0,
};
