// The forms of lines that Ruby's YAML writer uses for Trocla's entries, as patterns. Invariant: a line in one of them opens nothing that
// it does not close, so that whatever stands at the beginning of the next line stands outside of every text.
//
// A line that is indented by four or more stands only behind the head of a literal block or another such line, and is text. Bytes are
// read as Latin-1. Unicode's own line separators (U+0085, U+2028, U+2029) begin a line for some readers: where one occurs, lines with
// the bytes that end them are in no form.

/** A text in UTF-8 may begin with these bytes, but for a byte order mark. */
const highFirst = '\\xc2-\\xee\\xf0-\\xf4';

const plainKeyOf = (high: string): string =>
  `[A-Za-z0-9_${highFirst}][!-9;-~${high}]*(?:(?::(?! )| (?![ #:]))[!-9;-~${high}]*)*`;

/** The commonest of these forms, which a machine recognizes fastest. */
const commonScalarLine = '  [a-z0-9_]+: (?:[A-Za-z0-9_][!-~]*(?<!:)|"[ !#-\\[\\]-~]*")';
const commonKeyLine = '[A-Za-z0-9_][!-9;-~]*:';

/** Every form, with its line break. `high`: the bytes that may stand for characters outside of ASCII. */
const knownLine = (high: string): string => {
  const plainScalar = `[A-Za-z0-9_${highFirst}][!-9;-~${high}]*(?:(?::(?![ \\n])| (?![ #:\\n]))[!-9;-~${high}]*)*`;
  const doubleQuoted = `"[ !#-\\[\\]-~${high}]*(?:\\\\[ -~][ !#-\\[\\]-~${high}]*)*"`;
  const singleQuoted = `'[ -&(-~${high}]*(?:''[ -&(-~${high}]*)*'`;
  const scalarLine = `(?:  |- )[A-Za-z0-9_]+: (?:${plainScalar}|${doubleQuoted}|${singleQuoted})`;
  const keyLine = `(?:${plainKeyOf(high)}|"[ !#-\\[\\]-~${high}]*"|'[ -&(-~${high}]*'):`;
  // What is whole in itself: a line that is indented further would change it.
  const closedLine = `(?:${scalarLine}|${keyLine}|- !ruby/object:Rational|)\\n(?!   )`;
  // The head of a literal block, and what is inside.
  const literalLine = `(?:(?:  |- )[A-Za-z0-9_]+: (?:!binary )?\\|[-+]?|    [ -~${high}]*)\\n`;
  return `(?:${closedLine}|${literalLine})`;
};

const separators = ['\u0085', '\u2028', '\u2029'].map((character) => Buffer.from(character).toString('latin1'));
/** Whether the text, one character a byte, holds a line separator of Unicode. */
export const hasSeparator = (text: string): boolean => separators.some((separator) => text.includes(separator));

const anyHigh = '\\x80-\\xff';
const highWithoutSeparators = '\\x80-\\x84\\x86-\\xa7\\xaa-\\xff';

const isPlainKey = new RegExp(`^${plainKeyOf(anyHigh)}$`);
const needsNoEscape = /^[ -~\x80-\xff]*$/;

/** Longer keys stand behind a question mark (YAML 1.1, section 9.3.1): only a parser sees them. */
const MAX_NAME_CHARACTERS = 1_024;

/** The lines that name this key and need no parser, without their line break. */
const spellings = (key: string): readonly string[] => (key.length > MAX_NAME_CHARACTERS ? [] : linesNaming(key));

const linesNaming = (key: string): readonly string[] => {
  const bytes = Buffer.from(key).toString('latin1');
  if (hasSeparator(bytes)) return [];
  return [
    ...(isPlainKey.test(bytes) ? [`${bytes}:`] : []),
    ...(needsNoEscape.test(bytes) && !/["\\]/.test(bytes) ? [`"${bytes}":`] : []),
    ...(needsNoEscape.test(bytes) && !bytes.includes("'") ? [`'${bytes}':`] : []),
  ];
};

const literally = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** How a key is looked for. */
export interface Sought {
  readonly key: string;
  /** The lines that name it. */
  readonly names: readonly string[];
  /** Runs over lines in the commonest forms, in half the time that the search for a remarkable one takes. */
  readonly commonLines: RegExp;
  /** Finds the line break before a line that is in no known form, or names the key. */
  readonly remarkable: RegExp;
  /** The same where there are separators. */
  readonly remarkableBesideSeparators: RegExp;
}

/** Makes the patterns for a key. */
export const soughtKey = (key: string): Sought => {
  const names = spellings(key);
  const notSought = names.length === 0 ? '' : `(?!(?:${names.map(literally).join('|')})\\n)`;
  const remarkable = (high: string) => new RegExp(`\\n(?!${notSought}${knownLine(high)}|$)`, 'g');
  return {
    key,
    names,
    commonLines: new RegExp(`(?:(?:${commonScalarLine}|${notSought}${commonKeyLine})\\n(?!   ))*`, 'y'),
    remarkable: remarkable(anyHigh),
    remarkableBesideSeparators: remarkable(highWithoutSeparators),
  };
};
