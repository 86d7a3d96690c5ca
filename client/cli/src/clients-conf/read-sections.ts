// Reads the sections and options of a clients.conf exactly as Python's configparser does with its defaults (strict, no
// inline comments, empty lines in values), because that is what Mandos reads it with. Nothing is interpolated here.
// Every problem is collected, with its line; where configparser would stop at the first one, we go on.

import type { Problem } from './problem.ts';

/** An option as it is written. Lines of a value are joined with a newline. */
export interface RawOption {
  readonly value: string;
  readonly line: number;
}

/** Options by lower-case name, in the order of the file. */
type RawOptions = ReadonlyMap<string, RawOption>;

export interface RawSection {
  readonly name: string;
  readonly line: number;
  readonly options: RawOptions;
}

export interface RawSections {
  /** What stands under `[DEFAULT]`. */
  readonly defaults: RawOptions;
  readonly sections: readonly RawSection[];
  readonly problems: readonly Problem[];
}

// White space as Python's str.strip and `\s` see it; JavaScript's own set differs by five characters.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these four are white space to Python
const SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;
const LEADING = new RegExp(`^(?:${SPACE.source})+`);
const HEADER = /^\[(.+)\]/s;
const DELIMITER = /[=:]/;

const trimStart = (text: string): string => text.replace(LEADING, '');

// Written as a loop: a pattern anchored only at the end is slow on long runs of white space in the middle.
const trimEnd = (text: string): string => {
  let end = text.length;
  while (end > 0 && SPACE.test(text[end - 1] ?? '')) end--;
  return end === text.length ? text : text.slice(0, end);
};

const trim = (text: string): string => trimEnd(trimStart(text));

interface OpenOption {
  readonly line: number;
  readonly parts: string[];
}

type OpenOptions = Map<string, OpenOption>;

const close = (open: OpenOptions): RawOptions => {
  const options = new Map<string, RawOption>();
  for (const [name, { line, parts }] of open) options.set(name, { line, value: trimEnd(parts.join('\n')) });
  return options;
};

class SectionReader {
  readonly problems: Problem[] = [];
  readonly defaults: OpenOptions = new Map();
  readonly sections = new Map<string, { readonly line: number; readonly options: OpenOptions }>();
  #current: OpenOptions | undefined;
  #sectionName = '';
  #option: OpenOption | undefined;
  #indent = 0;

  read(line: string, number: number): void {
    const value = trim(line);
    if (value === '') {
      this.#option?.parts.push('');
      return;
    }
    if (value.startsWith('#') || value.startsWith(';')) return;
    const indent = line.length - trimStart(line).length;
    if (this.#option !== undefined && indent > this.#indent) {
      this.#option.parts.push(value);
      return;
    }
    this.#indent = indent;
    const header = HEADER.exec(value)?.[1];
    if (header !== undefined) this.#openSection(header, number);
    else this.#openOption(value, number);
  }

  #openSection(name: string, line: number): void {
    this.#option = undefined;
    this.#sectionName = name;
    if (name === 'DEFAULT') {
      this.#current = this.defaults;
      return;
    }
    const earlier = this.sections.get(name);
    this.#current = new Map();
    if (earlier === undefined) {
      this.sections.set(name, { line, options: this.#current });
    } else {
      const message = `is here a second time; the first is at line ${earlier.line}`;
      this.problems.push({ line, section: name, message });
    }
  }

  #openOption(text: string, line: number): void {
    this.#option = undefined;
    if (this.#current === undefined) {
      const isFirst = this.problems.length === 0;
      if (isFirst) this.problems.push({ line, message: 'there is text before the first [section]' });
      return;
    }
    const at = text.search(DELIMITER);
    const name = at < 0 ? '' : trimEnd(text.slice(0, at)).toLowerCase();
    if (name === '') {
      const message = at < 0 ? 'is neither "[section]" nor "option = value"' : 'the option before the "=" is missing';
      this.problems.push({ line, section: this.#sectionName, message });
      return;
    }
    const option = { line, parts: [trim(text.slice(at + 1))] };
    const earlier = this.#current.get(name);
    if (earlier === undefined) {
      this.#current.set(name, option);
    } else {
      const message = `is here a second time; the first is at line ${earlier.line}`;
      this.problems.push({ line, section: this.#sectionName, option: name, message });
    }
    this.#option = option;
  }
}

const splitLines = (text: string): string[] => text.split(/\r\n|\n|\r/);

const firstLineThatIsNotUtf8 = (bytes: Uint8Array): number => {
  const lines = splitLines(Buffer.from(bytes).toString('latin1'));
  return (
    1 +
    lines.findIndex((line) => {
      try {
        new TextDecoder('utf-8', { fatal: true }).decode(Buffer.from(line, 'latin1'));
        return false;
      } catch {
        return true;
      }
    })
  );
};

/** Reads the text of a clients.conf. Never throws on bad text; look at `problems`. */
export const readSections = (bytes: Uint8Array): RawSections => {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    const problem = { line: firstLineThatIsNotUtf8(bytes), message: 'is not UTF-8 text' };
    return { defaults: new Map(), sections: [], problems: [problem] };
  }
  const reader = new SectionReader();
  splitLines(text).forEach((line, index) => {
    reader.read(line, index + 1);
  });
  return {
    defaults: close(reader.defaults),
    sections: [...reader.sections].map(([name, { line, options }]) => ({ name, line, options: close(options) })),
    problems: reader.problems,
  };
};
