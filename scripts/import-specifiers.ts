// Finds what a TypeScript file imports, without a parser: comments, texts and regular expressions are masked first, so
// that a word in them is never taken for an import.

/** One import, `export … from`, `import()`, `require()`, or a code file named by `new URL(…, import.meta.url)`. */
export interface ImportSpecifier {
  readonly specifier: string;
  /** Whether it only names a file, by a URL. */
  readonly isUrl: boolean;
  /** Counted from 1. */
  readonly line: number;
}

// In the masked source every character inside quotes is this one, so that only code can look like an import.
const MASK = '\uE000';

const forms: readonly RegExp[] = [
  /\b(?:import|export)\b[\s\w$*{},]*?\bfrom\s*['"](\uE000+)['"]/g,
  /\bimport\s*['"](\uE000+)['"]/g,
  /\b(?:import|require|require\.resolve|import\.meta\.resolve)\s*\(\s*['"`](\uE000+)['"`]/g,
];

/** Names a worker's code, but also files to be read: those are no imports. */
const urlForm = /\bnew\s+URL\s*\(\s*['"](\uE000+)['"]\s*,\s*import\.meta\.url/g;

const isCode = (specifier: string): boolean => /\.[cm]?[jt]sx?$/.test(specifier);

// A slash after one of these begins a regular expression, after anything else it divides.
const beforeRegex = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|void|delete|await|yield))\s*$/;

const endOfQuoted = (text: string, start: number, quote: string): number => {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === quote || text[at] === '\n') return at + 1;
  }
  return text.length;
};

const endOfRegex = (text: string, start: number): number => {
  let isInClass = false;
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '[') isInClass = true;
    else if (text[at] === ']') isInClass = false;
    else if (text[at] === '/' && !isInClass) return at + 1;
  }
  return start + 1;
};

const endOfTemplate = (text: string, start: number): number => {
  let depth = 0;
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text.startsWith('${', at)) depth++;
    else if (text[at] === '}' && depth > 0) depth--;
    else if (text[at] === '`' && depth === 0) return at + 1;
  }
  return text.length;
};

const fill = (text: string, character: string): string => text.replace(/[^\n]/g, character);

const isQuote = (character: string): boolean => character === "'" || character === '"' || character === '`';

/** Where the piece of source that begins at `at` ends, and what stands for it in the masked source. */
const maskedPiece = (source: string, at: number, before: string): readonly [end: number, masked: string] => {
  const one = source[at] ?? '';
  const two = source.slice(at, at + 2);
  const until = (end: number, character: string): readonly [number, string] => [
    end,
    fill(source.slice(at, end), character),
  ];
  const endAfter = (mark: string, size: number): number => {
    const found = source.indexOf(mark, at + 2);
    return found < 0 ? source.length : found + size;
  };
  if (two === '//') return until(endAfter('\n', 0), ' ');
  if (two === '/*') return until(endAfter('*/', 2), ' ');
  if (one === '/' && beforeRegex.test(before)) return until(endOfRegex(source, at), ' ');
  if (!isQuote(one)) return [at + 1, one];
  const end = one === '`' ? endOfTemplate(source, at) : endOfQuoted(source, at, one);
  return [end, `${one}${fill(source.slice(at + 1, end - 1), MASK)}${one}`];
};

const mask = (source: string): string => {
  let masked = '';
  for (let at = 0; at < source.length; ) {
    const [end, piece] = maskedPiece(source, at, masked.slice(-40));
    masked += piece;
    at = end;
  }
  return masked;
};

/** Every import of `source`, in the order of the lines. */
export const importSpecifiers = (source: string): readonly ImportSpecifier[] => {
  const masked = mask(source);
  const found = new Map<number, ImportSpecifier>();
  for (const form of [...forms, urlForm]) {
    for (const match of masked.matchAll(form)) {
      const at = match.index + match[0].indexOf(MASK);
      const specifier = source.slice(at, at + (match[1]?.length ?? 0));
      if (form === urlForm && !isCode(specifier)) continue;
      found.set(at, { specifier, isUrl: form === urlForm, line: source.slice(0, at).split('\n').length });
    }
  }
  return [...found.entries()].sort(([one], [other]) => one - other).map(([, specifier]) => specifier);
};
