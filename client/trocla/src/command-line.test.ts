// The command line by Ruby's rules. The same words are tried on the original in test/peers/trocla-command.test.ts.

import assert from 'node:assert/strict';
import test from 'node:test';
import { readCommandLine } from './command-line.ts';

const read = (words: string, optionsFirst = false) =>
  readCommandLine(words === '' ? [] : words.split(' '), {
    fileExists: (file) => !file.includes('missing'),
    optionsFirst,
  });

test('options may stand anywhere, until two dashes', () => {
  assert.deepEqual(read('get -c rc k --trace plain'), {
    words: ['get', 'k', 'plain'],
    configFile: 'rc',
    trace: true,
    noFormat: false,
    options: {},
  });
  const end = read('get -- k --trace');
  assert.ok('words' in end && end.words.join() === 'get,k,--trace' && !end.trace);
  const first = read('get --trace', true);
  assert.ok('words' in first && first.words.join() === 'get,--trace');
});

test('the value of a password is the next word only if it is no option', () => {
  const password = (words: string) => {
    const line = read(words);
    return 'words' in line ? line.password : line;
  };
  assert.deepEqual(password('set k plain -p x'), { kind: 'given', text: 'x' });
  assert.deepEqual(password('set k plain -p --trace'), { kind: 'from-stdin' });
  assert.deepEqual(password('set k plain -p'), { kind: 'from-stdin' });
  assert.deepEqual(password('set k plain -p -'), { kind: 'from-stdin' });
  assert.deepEqual(password('set k plain --password='), { kind: 'given', text: '' });
  assert.deepEqual(password('set k plain -p=foo'), { kind: 'given', text: '=foo' });
  assert.equal(password('set k plain'), undefined);
});

test('lengths are numbers as far as they are', () => {
  const length = (words: string) => {
    const line = read(words);
    return 'words' in line ? line.options['length'] : line;
  };
  assert.equal(length('--length 12'), 12);
  assert.equal(length('--len=1_2x'), 12);
  assert.equal(length('-l5'), 5);
  assert.equal(length('--length -3'), -3);
  assert.equal(length('--length abc'), 0);
});

test('what cannot be understood is said in the words of OptionParser', () => {
  const message = (words: string) => {
    const line = read(words);
    return 'kind' in line && line.kind === 'wrong' ? line.message : undefined;
  };
  assert.equal(message('--bogus'), 'invalid option: --bogus');
  assert.equal(message('--no'), 'ambiguous option: --no');
  assert.equal(message('--length'), 'missing argument: --length');
  assert.equal(message('--trace=x'), 'needless argument: --trace=x');
  assert.equal(message('-c missing'), 'Cannot find config file: missing');
  assert.equal(message('-c rc'), undefined);
});
