// The search for one entry against a parser that reads everything: whatever stands in the file, and wherever it is cut into pieces.

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { PasswordStoreError } from '../password-store.ts';
import { emitEntry } from './emit-yaml.ts';
import { parseEntries } from './parse-entries.ts';
import type { RubyValue } from './ruby-value.ts';
import { findEntry } from './yaml-entries.ts';
import { withYamlParser } from './yaml-reader.ts';

const latin1 = (text: string): string => Buffer.from(text).toString('latin1');

/** What a parser of everything says: the value, `undefined`, or that it is no such file. */
const wholeTruth = (document: string, key: string): RubyValue | undefined | 'broken' => {
  try {
    return parseEntries(document).get(key);
  } catch (error) {
    if (error instanceof PasswordStoreError) return 'broken';
    throw error;
  }
};

const check = async (document: string, key: string, size: number): Promise<string> => {
  const bytes = latin1(document);
  const read = (position: number, length: number): string => bytes.slice(position, position + length);
  const answer = await withYamlParser(() => findEntry(read, key, size));
  const truth = await withYamlParser(() => wholeTruth(document, key));
  if (answer.kind === 'absent') assert.equal(truth, undefined, document);
  if (answer.kind === 'found') {
    const { start, end, text } = answer.place;
    assert.equal(latin1(document).slice(start, end), text);
    const own = Buffer.from(text, 'latin1').toString();
    assert.deepEqual(await withYamlParser(() => parseEntries(own).get(key)), truth, document);
  }
  return answer.kind;
};

const keys = [
  'key1',
  'a::b',
  '12',
  'yes',
  'with blank',
  'ключ',
  'kéy',
  'multi\nline',
  '"quoted"',
  "it's",
  ' edge ',
  'k: v',
  '#c',
  'x'.repeat(200),
];
const texts = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom(
    'plain',
    'key1:',
    'a\nkey1:\n  plain: x\n',
    '"',
    "'",
    '{',
    '- x',
    '| ',
    '12e3',
    '',
    '\n',
    'two\n\n',
    '\u0085',
    'a "b" \'c\'',
  ),
);
const records = fc
  .dictionary(fc.constantFrom('plain', 'mysql', 'MySQL', 'x509', 'odd format'), texts, { minKeys: 1 })
  .map((record): RubyValue => new Map(Object.entries(record).map(([name, text]) => [name, Buffer.from(text)])));

test('in what we write every key is found, and no other', async () => {
  const stores = fc.uniqueArray(fc.tuple(fc.constantFrom(...keys), records), {
    selector: ([key]) => key,
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(stores, fc.integer({ min: 1, max: 80 }), async (store, size) => {
      const document = `---\n${store.map(([key, record]) => emitEntry(key, record)).join('')}`;
      for (const key of keys) {
        const expected = store.some(([there]) => there === key) ? 'found' : 'absent';
        assert.equal(await check(document, key, Math.max(size, Math.ceil(document.length / 7))), expected, document);
      }
    }),
    { numRuns: 100 },
  );
});

/** Entries as other programs and people may write them; some of them no YAML, some only together with others. */
const foreign = [
  'key1: {plain: x}\n',
  'key1:\n  plain: a\n',
  '"key1":\n  plain: b\n',
  "'key1':\n  plain: c\n",
  '"k\\x65y1":\n  plain: escaped\n',
  '? key1\n: plain: d\n',
  '? |-\n  key1\n: plain: e\n',
  '!!str key1:\n  plain: f\n',
  'other:\n  plain: "two\n\nkey1:\n  plain: hidden"\n',
  "other:\n  plain: 'two\n    key1:\n    lines'\n",
  'other:\n  plain: |\n    key1:\n      plain: inside\n',
  'other:\n  plain: folded\n    key1: no\n',
  'other:\n  plain: folded words\n    and more\n',
  'anchor: &a\n  plain: x\n',
  'alias: *a\n',
  '# key1:\n',
  '\n',
  'key1:\n',
  'key1: text\n',
  'list:\n- plain: x\n  _expires: 3\n- !ruby/object:Rational\n  denominator: 2\n  numerator: 9\n',
  'key1:\n- plain: listed\n',
  '---\n',
  '...\n',
  '  key1:\n    plain: deep\n',
  'wg:\n  wireguard:\n    wg_priv: a=\n    wg_pub: "b\n      c"\n',
  'tab:\n\tplain: x\n',
  'bad: b: c\n',
  'open: "\n',
  'open: [\n',
  '<<: {key1: {plain: merged}}\n',
  'binary:\n  plain: !binary |-\n    w6Q=\n',
  'comment:\n  plain: a # key1:\n',
  'kéy:\n  plain: é\n',
  "kéy:\n  plain: 'é\u2028    key1:'\n",
  'key1 :\n  plain: blank\n',
  'key1: # why\n  plain: noted\n',
];

test('in what others write an answer is exact, or there is none', async () => {
  const documents = fc.array(fc.constantFrom(...foreign), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(documents, fc.integer({ min: 1, max: 60 }), fc.boolean(), async (parts, size, hasHeader) => {
      const document = (hasHeader ? '---\n' : '') + parts.join('');
      await check(document, 'key1', size);
    }),
    { numRuns: 2_000 },
  );
});

test('a text that looks like a key is not taken for one', async () => {
  const document = '---\nother:\n  plain: "two\n\nkey1:\n  plain: hidden"\n';
  assert.notEqual(await check(document, 'key1', 1_000), 'found');
});

test('an empty store is empty, in both ways to write one', async () => {
  assert.equal(await check('', 'key1', 10), 'absent');
  assert.equal(await check('--- {}\n', 'key1', 10), 'absent');
});

test('a file that is cut off inside of a line is not taken for whole', async () => {
  assert.equal(await check('---\nkey1:\n  plain: abc', 'key1', 10), 'unproven');
});
