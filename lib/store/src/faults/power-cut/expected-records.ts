// What live-through-changes writes, and what therefore must be there.

export const WRITERS = 4;
/** Records of a writer that live. */
export const WINDOW = 5;
/** Commits of each writer in the long part. */
export const LONG_COMMITS = 10;

export const bytesOf = (word: string): Uint8Array => new TextEncoder().encode(word);
export const numberIn = (value: Uint8Array | undefined): number =>
  value === undefined ? 0 : Number(new TextDecoder().decode(value));
export const counterKey = (writer: number): string => `count/${writer}`;
export const recordKey = (writer: number, number: number): string =>
  `record/${writer}/${String(number).padStart(6, '0')}`;

/** Every seventh one takes pages of its own. */
export const recordValue = (writer: number, number: number, sizeBytes = number % 7 === 0 ? 9_000 : 300): Uint8Array =>
  bytesOf(`${writer} ${number} `.padEnd(sizeBytes, `${number % 10}`));
