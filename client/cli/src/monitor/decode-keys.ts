// Keys as a terminal sends them in raw mode. ECMA-48; xterm's control sequences, "PC-Style Function Keys".

/** A printed character as itself, or the name of a key. */
export type Key = string;

const sequences: Readonly<Record<string, Key>> = {
  '[A': 'up',
  '[B': 'down',
  '[C': 'right',
  '[D': 'left',
  '[H': 'home',
  '[F': 'end',
  '[1~': 'home',
  '[4~': 'end',
  '[7~': 'home',
  '[8~': 'end',
  '[5~': 'page-up',
  '[6~': 'page-down',
  OA: 'up',
  OB: 'down',
  OC: 'right',
  OD: 'left',
  OH: 'home',
  OF: 'end',
};

const controls: Readonly<Record<string, Key>> = {
  '\r': 'enter',
  '\n': 'enter',
  '\t': 'tab',
  '\u0003': 'interrupt',
  '\u001a': 'suspend',
  '\u0008': 'backspace',
  '\u007f': 'backspace',
  '\u000c': 'redraw',
  '\u0015': 'clear',
};

const ESCAPE = '\u001b';
// What may follow it: a control sequence, or one letter after an O.
const SEQUENCE = /^(?:\[[0-9;?]*[ -/]*[@-~]|O[A-Z])/;

/** The keys of one chunk of input. What no key is known for is passed over. */
export const decodeKeys = (chunk: string): readonly Key[] => {
  const keys: Key[] = [];
  let rest = chunk;
  while (rest !== '') {
    const [sequence] = rest.startsWith(ESCAPE) ? (SEQUENCE.exec(rest.slice(1)) ?? []) : [];
    if (sequence !== undefined) {
      const key = sequences[sequence];
      if (key !== undefined) keys.push(key);
      rest = rest.slice(1 + sequence.length);
      continue;
    }
    const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
    rest = rest.slice(character.length);
    if (character === ESCAPE) keys.push('escape');
    else if (controls[character] !== undefined) keys.push(controls[character]);
    else if (character >= ' ') keys.push(character);
  }
  return keys;
};
