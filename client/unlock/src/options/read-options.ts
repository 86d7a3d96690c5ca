// A command line as getopt_long(3) reads it: `-cX`, `-c X`, `-abc`, `--connect=X`, `--connect X`, a long name cut short as long as
// it is clear, `--` before what is no option. Options keep their order; what they mean is the caller's.

/** An option that a command knows. */
export interface OptionForm {
  readonly name: string;
  readonly short?: string;
  readonly takesValue?: boolean;
}

/** An option that was given; `value` is there if and only if it takes one. */
interface GivenOption {
  readonly name: string;
  readonly value?: string;
}

export type ReadOptions =
  | { readonly kind: 'read'; readonly options: readonly GivenOption[]; readonly operands: readonly string[] }
  | { readonly kind: 'wrong'; readonly message: string };

const wrong = (message: string): ReadOptions => ({ kind: 'wrong', message });

const findLong = (forms: readonly OptionForm[], name: string): OptionForm | string => {
  const exact = forms.find((form) => form.name === name);
  if (exact !== undefined) return exact;
  const [first, second] = forms.filter((form) => form.name.startsWith(name));
  if (first === undefined) return `there is no option --${name}`;
  return second === undefined ? first : `--${name} could be --${first.name} or --${second.name}`;
};

/** One word of short options; gives how many of the words behind it were used. */
const readShort = (
  forms: readonly OptionForm[],
  word: string,
  next: string | undefined,
  into: GivenOption[],
): number | string => {
  for (let at = 1; at < word.length; at++) {
    const short = word[at];
    const form = forms.find((known) => known.short === short);
    if (form === undefined) return `there is no option -${short}`;
    if (form.takesValue !== true) {
      into.push({ name: form.name });
      continue;
    }
    const attached = word.slice(at + 1);
    const value = attached === '' ? next : attached;
    if (value === undefined) return `-${short} needs a value`;
    into.push({ name: form.name, value });
    return attached === '' ? 1 : 0;
  }
  return 0;
};

const readLong = (
  forms: readonly OptionForm[],
  word: string,
  next: string | undefined,
  into: GivenOption[],
): number | string => {
  const [, given = '', attached] = /^--([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const form = findLong(forms, given);
  if (typeof form === 'string') return form;
  if (form.takesValue !== true) {
    if (attached !== undefined) return `--${form.name} takes no value`;
    into.push({ name: form.name });
    return 0;
  }
  const value = attached ?? next;
  if (value === undefined) return `--${form.name} needs a value`;
  into.push({ name: form.name, value });
  return attached === undefined ? 1 : 0;
};

/** Reads words of a command line. */
export const readOptions = (words: readonly string[], forms: readonly OptionForm[]): ReadOptions => {
  const options: GivenOption[] = [];
  const operands: string[] = [];
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? '';
    if (word === '--') {
      operands.push(...words.slice(at + 1));
      break;
    }
    if (!word.startsWith('-') || word === '-') {
      operands.push(word);
      continue;
    }
    const read = word.startsWith('--') ? readLong : readShort;
    const used = read(forms, word, words[at + 1], options);
    if (typeof used === 'string') return wrong(used);
    at += used;
  }
  return { kind: 'read', options, operands };
};
