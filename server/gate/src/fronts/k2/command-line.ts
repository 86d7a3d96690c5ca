// A line as words: printable ASCII, one blank between two of them. Anything else is no command, so that no two clients can
// mean different things by one line.

const FORM = /^[\x21-\x7e]+(?: [\x21-\x7e]+)*$/;

/** Longest line. */
export const MAX_LINE_BYTES = 8_192;

/** Its words, or undefined if it is no line of words. */
export const readCommandLine = (line: Buffer): readonly string[] | undefined => {
  const text = line.toString('latin1');
  return FORM.test(text) ? text.split(' ') : undefined;
};
