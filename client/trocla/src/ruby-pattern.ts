// Ruby's regular expressions, as far as JavaScript's can say the same. What cannot be said is refused, never taken for something else.

/** A pattern that cannot be used. */
class PatternError extends Error {
  override readonly name = 'PatternError';
}

const posixClasses: Readonly<Record<string, string>> = {
  alpha: '\\p{L}\\p{M}',
  digit: '\\p{Nd}',
  alnum: '\\p{L}\\p{M}\\p{Nd}',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  space: '\\s',
  punct: '\\p{P}\\p{S}',
  xdigit: '0-9A-Fa-f',
  word: '\\p{L}\\p{M}\\p{Nd}\\p{Pc}',
};

/** Escapes that mean something else, or nothing, in JavaScript; outside of a class. */
const translated: Readonly<Record<string, string>> = {
  A: '(?<![\\s\\S])',
  z: '(?![\\s\\S])',
  Z: '(?=\\n?(?![\\s\\S]))',
  h: '[0-9A-Fa-f]',
  H: '[^0-9A-Fa-f]',
  e: '\\x1b',
  a: '\\x07',
};

/** What Ruby says for what JavaScript says. */
const originalWords: Readonly<Record<string, string>> = {
  'Unterminated group': 'end pattern with unmatched parenthesis',
  'Nothing to repeat': 'target of repeat operator is not specified',
  "Unmatched ')'": 'unmatched close parenthesis',
};

const impossible = (what: string, source: string): never => {
  throw new PatternError(`${what}: /${source}/`);
};

const translateEscape = (letter: string, inClass: boolean, source: string): string => {
  if (/[GKRXgkpP]/.test(letter)) impossible(`\\${letter} is not supported`, source);
  if (inClass) {
    if (letter === 'h') return '0-9A-Fa-f';
    if (letter === 'H') impossible('\\H inside brackets is not supported', source);
  } else if (Object.hasOwn(translated, letter)) return translated[letter] ?? '';
  // In the mode with Unicode only signs may be escaped that need it.
  if (/[a-zA-Z0-9]/.test(letter) || /[\^$\\.*+?()[\]{}|/-]/.test(letter)) {
    return letter === '-' && !inClass ? '-' : `\\${letter}`;
  }
  return letter;
};

const translate = (source: string): string => {
  let result = '';
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    const rest = source.slice(at);
    const letter = source[at] ?? '';
    if (letter === '\\') {
      const next = source[++at];
      if (next === undefined) impossible('too short escape sequence', source);
      result += translateEscape(next ?? '', depth > 0, source);
      continue;
    }
    if (depth > 0) {
      const posix = /^\[:(\^?)(\w+):\]/.exec(rest);
      if (posix !== null) {
        const inside = posixClasses[posix[2] ?? ''];
        if (inside === undefined || posix[1] === '^') impossible('this class is not supported', source);
        result += inside;
        at += posix[0].length - 1;
        continue;
      }
      if (letter === '[' || rest.startsWith('&&')) impossible('classes inside classes are not supported', source);
      if (letter === ']') depth--;
      result += letter;
      continue;
    }
    if (letter === '[') {
      depth++;
      const [open = '['] = /^\[\^?/.exec(rest) ?? [];
      result += open;
      at += open.length - 1;
      if (source[at + 1] === ']') {
        if (!source.slice(at + 2).includes(']')) impossible('empty char-class', source);
        result += '\\]';
        at++;
      }
      continue;
    }
    if (/^[*+?}]\+/.test(rest) || /^\(\?(?:>|#|~|[a-z]*x)/.test(rest)) impossible('this is not supported', source);
    const flags = /^\(\?([im]*)(?:-([im]*))?(:|\))/.exec(rest);
    if (flags !== null) {
      const [whole, on = '', off = '', end] = flags;
      // Ruby's m is JavaScript's s.
      const names = (text: string): string => text.replace('m', 's');
      const group = `(?${names(on)}${off === '' ? '' : `-${names(off)}`}:`;
      if (end === ')') return `${result}${group}${translateRest(source, at + whole.length)}`;
      result += group;
      at += whole.length - 1;
      continue;
    }
    const times = /^\{(\d*)(,?)(\d*)\}/.exec(rest);
    if (times !== null && (times[1] !== '' || (times[2] !== '' && times[3] !== ''))) {
      // Ruby's {,3} is JavaScript's {0,3}.
      result += `{${times[1] || '0'}${times[2]}${times[3]}}`;
      at += times[0].length - 1;
      continue;
    }
    result += /[{}\]]/.test(letter) ? `\\${letter}` : letter;
  }
  if (depth > 0) impossible('premature end of char-class', source);
  return result;
};

/** Flags without a group hold up to the end of the group around them; only at the outermost level is that the end. */
const translateRest = (source: string, from: number): string => {
  if (/\(/.test(source.slice(0, from - 1).replace(/\(\?[im]*(?:-[im]*)?\)?$/, '')))
    impossible('flags inside a group are not supported', source);
  return `${translate(source.slice(from))})`;
};

/** The pattern, unanchored; `^` and `$` are those of lines. Throws `PatternError`. */
export const rubyPattern = (source: string): RegExp => {
  const pattern = translate(source);
  try {
    return new RegExp(pattern, 'mu');
  } catch (error) {
    const [, why = 'invalid pattern'] = /: ([^:]+)$/.exec((error as Error).message) ?? [];
    throw new PatternError(`${originalWords[why] ?? why.toLowerCase()}: /${source}/`, { cause: error });
  }
};
