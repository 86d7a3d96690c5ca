import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import fc from 'fast-check';
import { shellQuote } from './shell-quote.ts';

/** What a real shell makes of quoted words. */
const readBack = (words: readonly string[]): readonly string[] => {
  const script = `printf '%s\\0' ${words.map(shellQuote).join(' ')}`;
  const { stdout } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  return stdout.split('\0').slice(0, -1);
};

test('the shell reads back every word as it was, and runs none of it', () => {
  const words = [
    '',
    ' ',
    "'",
    `"'"`,
    '$(touch /tmp/x)',
    '`id`',
    '$HOME',
    '\\',
    'a\nb',
    '; rm -rf /',
    '~',
    '*',
    '-n',
    '#',
    '\u{1f511}',
  ];
  assert.deepEqual(readBack(words), words);
  const word = fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0') && text.isWellFormed());
  fc.assert(
    fc.property(fc.array(word, { minLength: 1, maxLength: 30 }), (given) => assert.deepEqual(readBack(given), given)),
    { numRuns: 50 },
  );
});

test('a plain word stays as it is, and an empty one is a word', () => {
  assert.equal(shellQuote('web1.example.org:22'), 'web1.example.org:22');
  assert.equal(shellQuote('a-b_c@d%e+f=g/h,i'), 'a-b_c@d%e+f=g/h,i');
  assert.equal(shellQuote(''), "''");
  assert.equal(shellQuote('größe'), "'größe'");
});
