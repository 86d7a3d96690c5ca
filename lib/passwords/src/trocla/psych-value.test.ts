// What Ruby's YAML library makes of scalars, and what its safe loader refuses.

import assert from 'node:assert/strict';
import test from 'node:test';
import { loadYaml, PsychError, RubySymbol } from './psych-value.ts';

const load = (text: string): Promise<unknown> => loadYaml(text, { symbols: false });

test('numbers, truths and nothing are those of YAML 1.1 as Psych reads it', async () => {
  const expected: Readonly<Record<string, unknown>> = {
    '010': 8,
    '0x1f': 31,
    '0b11': 3,
    '1_000': 1000,
    '1,000': 1000,
    '1:30': 5400,
    '-7': -7,
    '08': '08',
    '1e3': '1e3',
    '0o14': '0o14',
    '.5': 0.5,
    '1.': 1,
    '1.5e+3': 1500,
    yes: true,
    On: true,
    NO: false,
    off: false,
    '~': null,
    Null: null,
    '"5"': '5',
    "'no'": 'no',
    foo: 'foo',
    y: 'y',
  };
  for (const [text, value] of Object.entries(expected)) assert.deepEqual(await load(`v: ${text}`), { v: value }, text);
});

test('what would become an object is refused, and so are aliases', async () => {
  const refused: Readonly<Record<string, RegExp>> = {
    ':length: 4': /^Tried to load unspecified class: Symbol$/,
    'a: 2020-01-01': /^Tried to load unspecified class: Date$/,
    'a: 2020-01-01 10:00:00': /^Tried to load unspecified class: Time$/,
    '!ruby/object:Foo {}': /^Tried to load unspecified class: Foo$/,
    'a: &x 1\nb: *x': /^Unknown alias: x$/,
    '{a: 1': /^\(<unknown>\): .* at line 1 column \d+$/,
  };
  for (const [text, words] of Object.entries(refused)) {
    await assert.rejects(load(text), (error) => error instanceof PsychError && words.test(error.message), text);
  }
});

test('a configuration may hold symbols, which as keys are the same as texts', async () => {
  const value = await loadYaml('store: :moneta\nopts:\n  :file: /x\n  \'db\': :"odd one"\n', { symbols: true });
  assert.deepEqual(value, { store: new RubySymbol('moneta'), opts: { file: '/x', db: new RubySymbol('odd one') } });
});

test('of several documents the first counts, and of two keys the last', async () => {
  assert.deepEqual(await load('--- {a: 1}\n--- {b: 2}'), { a: 1 });
  assert.deepEqual(await load('{a: 1, a: 2}'), { a: 2 });
});
