import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type OptionForm, readOptions } from './read-options.ts';

const forms: readonly OptionForm[] = [
  { name: 'connect', short: 'c', takesValue: true },
  { name: 'debug', short: 'd' },
  { name: 'dh-bits', takesValue: true },
  { name: 'dh-params', takesValue: true },
];

const read = (...words: string[]) => {
  const outcome = readOptions(words, forms);
  return outcome.kind === 'wrong'
    ? outcome.message
    : [
        ...outcome.options.map(({ name, value }) => (value === undefined ? name : `${name}=${value}`)),
        ...outcome.operands,
      ];
};

test('every way to write an option is read, in order', () => {
  assert.deepEqual(read('-cA', '-c', 'B', '--connect=C', '--connect', 'D', '--con=E', '-dcF', '--connect='), [
    ...['connect=A', 'connect=B', 'connect=C', 'connect=D', 'connect=E', 'debug', 'connect=F', 'connect='],
  ]);
  assert.deepEqual(read('-d', '--', '-d', ''), ['debug', '-d', '']);
  assert.deepEqual(read('--connect', '--debug'), ['connect=--debug']);
});

test('what is no option, unclear, or lacks its value is said', () => {
  assert.equal(read('--nothing'), 'there is no option --nothing');
  assert.equal(read('-x'), 'there is no option -x');
  assert.equal(read('--dh'), '--dh could be --dh-bits or --dh-params');
  assert.equal(read('--debug=1'), '--debug takes no value');
  assert.equal(read('-c'), '-c needs a value');
  assert.equal(read('--connect'), '--connect needs a value');
});
