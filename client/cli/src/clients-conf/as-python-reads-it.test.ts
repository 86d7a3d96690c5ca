// The same texts through Python's configparser and base64, which are what Mandos reads with, and through ours.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import fc from 'fast-check';
import { decodeBase64 } from './base64.ts';
import { interpolate } from './interpolate.ts';
import { readSections } from './read-sections.ts';

const SEED = Number(process.env['FUZZ_SEED'] ?? Date.now());
const SAMPLES = 4_000;

const python = (program: string, input: unknown): unknown => {
  const run = spawnSync('/usr/bin/python3', ['-c', program], {
    input: JSON.stringify(input),
    maxBuffer: 2 ** 28,
  });
  assert.equal(run.status, 0, run.stderr.toString());
  return JSON.parse(run.stdout.toString());
};

const CONFIGPARSER = `
import configparser, io, json, sys
def read(text):
    config = configparser.ConfigParser()
    try:
        config.read_file(io.TextIOWrapper(io.BytesIO(text.encode("utf-8")), encoding="utf-8"))
    except configparser.Error:
        return None
    def expanded(section):
        values = []
        for name in config[section]:
            try:
                values.append([name, config.get(section, name)])
            except configparser.InterpolationError:
                values.append([name, None])
        return sorted(values)
    sections = [[s, sorted(map(list, config.items(s, raw=True))), expanded(s)] for s in config.sections()]
    return [sorted(map(list, config.items("DEFAULT", raw=True))), sections]
json.dump([read(text) for text in json.load(sys.stdin)], sys.stdout)
`;

const byName = (pairs: Iterable<readonly [string, string | null]>): (readonly [string, string | null])[] =>
  [...pairs].sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const readAsOurs = (text: string): unknown => {
  const { defaults, sections, problems } = readSections(Buffer.from(text));
  if (problems.length > 0) return null;
  const valuesOf = (options: typeof defaults) => new Map([...options].map(([name, { value }]) => [name, value]));
  return [
    byName(valuesOf(defaults)),
    sections.map(({ name, options }) => {
      const raw = new Map([...valuesOf(defaults), ...valuesOf(options)]);
      const expanded = [...raw].map(([option, value]) => {
        const result = interpolate(value, (other) => raw.get(other));
        return [option, result.kind === 'text' ? result.text : null] as const;
      });
      return [name, byName(raw), byName(expanded)];
    }),
  ];
};

const corpus: readonly string[] = [
  '',
  '\n\n',
  '# nothing\n',
  'x = 1\n',
  '[DEFAULT]\nx = 1\n',
  '[a]\nx = 1\n[DEFAULT]\nx = 2\ny = 3\n[DEFAULT]\nz = 4\n',
  '[DEFAULT]\nx = 1\n[DEFAULT]\nx = 2\n',
  '[default]\nx = 1\n[a]\n',
  '[a]\n[a]\n',
  '[]\nx = 1\n',
  '[ ]\nx = 1\n',
  '[a]]\nx=1\n[a\nx=1\n',
  '[a] # trailing\nx = 1 # kept\n; gone\n',
  '[a]\nX = 1\nx = 2\n',
  '[a]\n  x = 1\n    more\n  y = 2\n',
  '  [a]\nx = 1\n y = 2\n',
  '[a]\nx = 1\n\n  after an empty line\n\n\n[b]\n',
  '[a]\nx =\n\n  # comment\n  value\n',
  '[a]\nx = 1\n # comment\n\ty\n',
  '[a]\nx = 1\n [b]\ny = 2\n',
  '[a]\nx : y = z\nu = v : w\n',
  '[a]\n= 1\n',
  '[a]\nx\n',
  '[a]\nx = %(y)s%%\ny = %(z)s\nz = 1\n',
  '[a]\nx = %(X)s\n',
  '[a]\nx = %(y)s\n',
  '[a]\nx = %\ny = 50%\nz = %(z\nu = %()s\nw = %(x)d\n',
  '[a]\nx = %%(host)s %%%%\n',
  '[a]\nx = %(a b)s\na b = 1\n',
  '[a]\nx = %(y)s\n[DEFAULT]\ny = %(z)s\nz = d\n[b]\nx = %(y)s\nz = own\n',
  '[a]\r\nx = 1\r\n\ty\r[b]\ry = 2',
  '[a]\nx = \u00a0padded\u2003\n\u0085y = 1\n\ufeffz = 2\n\u001cw = 3\n',
  '\ufeff[a]\nx = 1\n',
  '[a]\nx = 1\u2028y = 2\u000bz\u000cw\n',
  '[zürich/web 1]\nÄÖ = Straße\n',
  '[__proto__]\nconstructor = 1\n__proto__ = %(constructor)s\n',
  '[a]\nx = a\u0000b\n',
  ...[1, 9, 10, 11].map((depth) =>
    ['[a]', ...Array.from({ length: depth }, (_, at) => `o${at} = %(o${at + 1})s`), `o${depth} = end`].join('\n'),
  ),
];

const fragments = [
  ...['[', ']', '[a]', '[b]', '[DEFAULT]', 'a', 'b', 'AB', 'x = 1', 'y: 2', '=', ':', '#', ';', '%', '%%', '(', ')s'],
  ...['%(a)s', '%(B)s', '%(a', '\n', '\n', '\n', '\n ', '\n\n', '\r\n', '\r', ' ', '  ', '\t', '\u00a0', '\u0085'],
  ...['\u001f', '\ufeff', '\u2028', '\u000b', 'é', 'a = ', 'b = ', '\na = ', '\nb : ', '\n  b = '],
];

const text = fc.array(fc.constantFrom(...fragments), { maxLength: 24 }).map((parts) => parts.join(''));

test('every text is read, expanded and refused exactly as by configparser', () => {
  const texts = [
    ...corpus,
    ...fc.sample(text, { numRuns: SAMPLES / 2, seed: SEED }),
    ...fc.sample(text, { numRuns: SAMPLES / 2, seed: SEED + 1 }).map((rest) => `[a]\n${rest}`),
  ];
  const theirs = python(CONFIGPARSER, texts) as unknown[];
  texts.forEach((sample, index) => {
    assert.deepEqual(readAsOurs(sample), theirs[index], `FUZZ_SEED=${SEED}, text ${JSON.stringify(sample)}`);
  });
  const read = theirs.filter((answer) => answer !== null).length;
  assert.ok(read > SAMPLES / 20, `only ${read} of the texts were right`);
});

const BASE64 = `
import base64, binascii, json, sys
def decode(text):
    try:
        return base64.b64decode(text.encode("utf-8")).hex()
    except binascii.Error:
        return None
json.dump([decode(text) for text in json.load(sys.stdin)], sys.stdout)
`;

test('base64 is decoded, and refused, exactly as by Python', () => {
  const piece = fc.constantFrom('A', 'Q', 'z', '9', '+', '/', '=', '==', ' ', '\n', '-', '_', '!', 'é', 'AAAA', 'Zg');
  const texts = [
    ...['', 'aGVsbG8=', 'aGVsbG8', 'aGVs bG8=\n', 'aGVsbG8==', 'aGVsbG8=AAAA', '=', '====', 'A', 'AA', 'AA=', 'AA=A'],
    ...fc.sample(
      fc.array(piece, { maxLength: 14 }).map((parts) => parts.join('')),
      { numRuns: SAMPLES, seed: SEED },
    ),
  ];
  const theirs = python(BASE64, texts) as (string | null)[];
  texts.forEach((sample, index) => {
    const ours = decodeBase64(sample);
    const hex = ours === undefined ? null : Buffer.from(ours).toString('hex');
    assert.equal(hex, theirs[index], `FUZZ_SEED=${SEED}, text ${JSON.stringify(sample)}`);
  });
});
