// Where each key of a TOML document stands, which the parser does not tell. Invariant: only for a document that the parser
// accepted, so that this scanner may skip what it need not understand. TOML 1.0.0

/** A place in a file; both from 1. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

type Path = readonly (string | number)[];

const nameOf = (path: Path): string => JSON.stringify(path);

class Scanner {
  readonly positions = new Map<string, number>();
  readonly #source: string;
  readonly #arrayLengths = new Map<string, number>();
  #at = 0;

  constructor(source: string) {
    this.#source = source;
  }

  scan(): void {
    let table: Path = [];
    for (this.#skipBlank(true); this.#at < this.#source.length; this.#skipBlank(true)) {
      if (this.#source[this.#at] === '[') table = this.#header();
      else this.#pair(table);
    }
  }

  #note(path: Path, at: number): void {
    if (!this.positions.has(nameOf(path))) this.positions.set(nameOf(path), at);
  }

  /** Skips white space and comments, and line ends where they mean nothing. */
  #skipBlank(alsoLines: boolean): void {
    const blank = alsoLines ? /(?:[ \t\r\n]|#[^\n]*)*/y : /[ \t]*/y;
    this.#take(blank);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #header(): Path {
    const start = this.#at;
    const isArray = this.#take(/\[\[?/y) === '[[';
    const path = this.#key();
    this.#take(/[ \t]*\]\]?/y);
    const resolved = this.#resolve(path.slice(0, -1));
    const whole = [...resolved, ...path.slice(-1)];
    for (let length = 1; length <= whole.length; length += 1) this.#note(whole.slice(0, length), start);
    if (!isArray) return this.#resolve(path);
    const index = this.#arrayLengths.get(nameOf(whole)) ?? 0;
    this.#arrayLengths.set(nameOf(whole), index + 1);
    this.#note([...whole, index], start);
    return [...whole, index];
  }

  /** A header inside an array of tables means the array's last table. */
  #resolve(path: Path): Path {
    let resolved: Path = [];
    for (const part of path) {
      resolved = [...resolved, part];
      const length = this.#arrayLengths.get(nameOf(resolved));
      if (length !== undefined) resolved = [...resolved, length - 1];
    }
    return resolved;
  }

  /** A dotted key; its parts may be bare or quoted. */
  #key(): Path {
    const parts: string[] = [];
    do {
      this.#skipBlank(false);
      const part = this.#take(/"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[A-Za-z0-9_-]+/y);
      // JSON lacks only the escapes \e, \x and \U of a basic string; a key written with them keeps its raw form.
      if (part.startsWith('"')) parts.push(fromBasicString(part));
      else parts.push(part.startsWith("'") ? part.slice(1, -1) : part);
      this.#skipBlank(false);
    } while (this.#take(/\./y) !== '');
    return parts;
  }

  #pair(table: Path): void {
    const start = this.#at;
    const key = this.#key();
    const path = [...table, ...key];
    for (let length = table.length + 1; length <= path.length; length += 1) this.#note(path.slice(0, length), start);
    if (this.#take(/[ \t]*=[ \t]*/y) === '') this.#at = this.#source.length;
    this.#value(path);
  }

  #value(path: Path): void {
    const first = this.#source[this.#at];
    if (first === '[') this.#list(']', (index) => this.#item([...path, index]));
    else if (first === '{') this.#list('}', () => this.#pair(path));
    else this.#take(/"""[\s\S]*?(?<!\\)(?:\\\\)*"{3,5}|'''[\s\S]*?'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*'|[^,\]}#\r\n]+/y);
  }

  #item(path: Path): void {
    this.#note(path, this.#at);
    this.#value(path);
  }

  #list(end: string, each: (index: number) => void): void {
    this.#at += 1;
    for (let index = 0; ; index += 1) {
      this.#skipBlank(true);
      if (this.#at >= this.#source.length) return;
      if (this.#source[this.#at] === end) break;
      each(index);
      this.#skipBlank(true);
      this.#take(/,/y);
    }
    this.#at += 1;
  }
}

const fromBasicString = (quoted: string): string => {
  try {
    return String(JSON.parse(quoted));
  } catch {
    return quoted.slice(1, -1);
  }
};

const positionAt = (source: string, offset: number): Position => {
  const before = source.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: offset - lineStart + 1 };
};

/**
 * Finds keys in a TOML document that a parser has accepted.
 *
 * @returns for a path (of keys and list indexes) where it stands; for one that is not written the nearest table above it;
 * `undefined` where not even that is written.
 */
export const tomlPositions = (source: string): ((path: Path) => Position | undefined) => {
  const scanner = new Scanner(source);
  scanner.scan();
  return (path) => {
    for (let length = path.length; length > 0; length -= 1) {
      const offset = scanner.positions.get(nameOf(path.slice(0, length)));
      if (offset !== undefined) return positionAt(source, offset);
    }
    return undefined;
  };
};
