// One word for the shell, as Mandos quotes the values of a checker (Python's shlex.quote). Invariant: whatever the text is, a
// POSIX shell reads exactly this one word back. The text must not contain a NUL character: no program can be given one.

const isPlain = /^[A-Za-z0-9@%+=:,./_-]+$/;

/** Quotes a word. */
export const shellQuote = (word: string): string => (isPlain.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);
