// Yes and no as Python's configparser reads them.

const words: ReadonlyMap<string, boolean> = new Map([
  ...['1', 'yes', 'true', 'on'].map((word) => [word, true] as const),
  ...['0', 'no', 'false', 'off'].map((word) => [word, false] as const),
]);

/** `undefined` if it is neither. */
export const readBoolean = (text: string): boolean | undefined => words.get(text.toLowerCase());
