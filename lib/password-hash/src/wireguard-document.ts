// The YAML document in which Trocla keeps a key pair of WireGuard: two fields, each the base64 of a key. Written to the byte as
// Ruby's Psych writes it, which puts a text between double quotes if it begins with something other than a letter, a digit or
// an underscore: of base64, `+` and `/`.

import { joinBytes } from './wipe.ts';

const NEWLINE = 0x0a;
const quotes = Buffer.from('"\'');
const quoted = Buffer.from('+/');
const nothing = new Uint8Array(0);
const doubleQuote = Buffer.from('"');

const scalar = (base64: Uint8Array): readonly Uint8Array[] => {
  const quote = quoted.includes(base64[0] ?? 0) ? doubleQuote : nothing;
  return [quote, base64, quote];
};

/** The document for two keys in base64; the caller wipes it. */
export const wireguardDocument = (privateKey: Uint8Array, publicKey: Uint8Array): Buffer =>
  joinBytes(
    Buffer.from('---\nwg_priv: '),
    ...scalar(privateKey),
    Buffer.from('\nwg_pub: '),
    ...scalar(publicKey),
    Buffer.from('\n'),
  );

const withoutQuotes = (text: Uint8Array): Uint8Array => {
  const [first, last] = [text[0] ?? 0, text.at(-1)];
  return text.length >= 2 && first === last && quotes.includes(first) ? text.subarray(1, -1) : text;
};

/** What stands behind `name` at the beginning of a line, without quotes; shares the memory of `text`. */
export const lineBehind = (text: Uint8Array, name: string): Uint8Array | undefined => {
  const bytes = Buffer.from(text.buffer, text.byteOffset, text.length);
  const start = Buffer.from(name);
  for (let from = 0; from < bytes.length; ) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline < 0 ? bytes.length : newline;
    const line = bytes.subarray(from, end);
    if (line.subarray(0, start.length).equals(start)) return withoutQuotes(line.subarray(start.length));
    from = end + 1;
  }
  return undefined;
};
