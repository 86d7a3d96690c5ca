import assert from 'node:assert/strict';
import test from 'node:test';
import { readSections } from './read-sections.ts';

const read = (text: string) => readSections(Buffer.from(text));

const plain = (text: string): Record<string, Record<string, string>> => {
  const { defaults, sections, problems } = read(text);
  assert.deepEqual(problems, []);
  const values = (options: ReadonlyMap<string, { readonly value: string }>) =>
    Object.fromEntries([...options].map(([name, { value }]) => [name, value]));
  return {
    ...(defaults.size > 0 && { DEFAULT: values(defaults) }),
    ...Object.fromEntries(sections.map(({ name, options }) => [name, values(options)])),
  };
};

test('"=" and ":" both give an option its value, names are in lower case, white space around is dropped', () => {
  assert.deepEqual(plain('[web1]\nHost = a b \nkey_id:x = y\nempty =\n'), {
    web1: { host: 'a b', key_id: 'x = y', empty: '' },
  });
});

test('a line that is indented more than its option goes on with the value; an empty line stays in it', () => {
  assert.deepEqual(plain('[a]\nsecret =\n    AAAA\n\n    BBBB\n\nhost = x\n'), {
    a: { secret: '\nAAAA\n\nBBBB', host: 'x' },
  });
});

test('a comment is a whole line, and leaves no trace in the value around it', () => {
  assert.deepEqual(plain('# top\n[a]\n; note\nchecker = one\n  # not part\n  two ; three # four\n'), {
    a: { checker: 'one\ntwo ; three # four' },
  });
});

test('an indented option is an option, not a continuation, if nothing it could continue is indented less', () => {
  assert.deepEqual(plain('[a]\n  host = x\n  checker = y\n    z\n'), { a: { host: 'x', checker: 'y\nz' } });
});

test('a section may have any name, also one with brackets and spaces', () => {
  assert.deepEqual(Object.keys(plain('[ zürich/web 1 ]\nx=1\n[a]b]\ny=2\n[c] trailing\nz=3\n')), [
    ' zürich/web 1 ',
    'a]b',
    'c',
  ]);
});

test('[DEFAULT] may be anywhere, and more than once', () => {
  assert.deepEqual(plain('[a]\nx=1\n[DEFAULT]\ntimeout=PT1M\n[DEFAULT]\ninterval=PT2M\n'), {
    DEFAULT: { timeout: 'PT1M', interval: 'PT2M' },
    a: { x: '1' },
  });
});

test('every way to end a line is a way to end a line', () => {
  assert.deepEqual(plain('[a]\r\nx = 1\ry = 2\nz = 3'), { a: { x: '1', y: '2', z: '3' } });
});

test('every problem is named with its line', () => {
  const text = '[a]\nx = 1\nx = 2\nnonsense\n= 3\n[a]\ny = 1\n';
  assert.deepEqual(
    read(text).problems.map(({ line, option, message }) => [line, option, message.replace(/ .*/, '')]),
    [
      [3, 'x', 'is'],
      [4, undefined, 'is'],
      [5, undefined, 'the'],
      [6, undefined, 'is'],
    ],
  );
  assert.match(read('x = 1\n[a]\n').problems[0]?.message ?? '', /before the first \[section\]/);
});

test('text that is not UTF-8 is refused with the line it is in', () => {
  const bytes = Buffer.concat([Buffer.from('[a]\r\nx = 1\r\ny = '), Buffer.from([0xff, 0xfe]), Buffer.from('\n')]);
  assert.deepEqual(readSections(bytes).problems, [{ line: 3, message: 'is not UTF-8 text' }]);
});

test('a long run of white space is read in linear time', () => {
  assert.equal(plain(`[a]\nx = 1${' '.repeat(300_000)}2\n`)['a']?.['x']?.length, 300_002);
});
