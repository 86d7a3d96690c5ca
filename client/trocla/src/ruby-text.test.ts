// Ruby's way to print a hash, and its patterns.

import assert from 'node:assert/strict';
import test from 'node:test';
import { inspectHash } from './ruby-inspect.ts';
import { rubyPattern } from './ruby-pattern.ts';

test('a hash is printed as Ruby up to 3.3 prints it', () => {
  const inspect = (text: string, isText = true) => inspectHash([['plain', Buffer.from(text)]], isText);
  assert.equal(inspect('a"b\\c'), '{"plain"=>"a\\"b\\\\c"}');
  assert.equal(inspect('#{x} #$y #@z #w'), '{"plain"=>"\\#{x} \\#$y \\#@z #w"}');
  assert.equal(inspect('\n\t\r\x1b\x07\b\v\f\x01\x7f'), '{"plain"=>"\\n\\t\\r\\e\\a\\b\\v\\f\\u0001\\u007F"}');
  assert.equal(inspect('Tütü €'), '{"plain"=>"Tütü €"}');
  assert.equal(inspect('ü', false), '{"plain"=>"\\xC3\\xBC"}');
  assert.equal(
    inspectHash(
      [
        ['plain', Buffer.from('x')],
        ['_expires', 3600],
      ],
      true,
    ),
    '{"plain"=>"x", "_expires"=>3600}',
  );
  assert.equal(inspectHash([], true), '{}');
});

test('patterns match what they match in Ruby', () => {
  const matching: readonly (readonly [pattern: string, matches: string, not: string])[] = [
    ['^b', 'a\nb', 'ab'],
    ['\\Aa\\z', 'a', 'a\nb'],
    ['a\\Z', 'a\n', 'a\nb'],
    ['\\h{4}', 'beef', 'xyz'],
    ['[[:digit:]_]+x', '1_x', 'ax'],
    ['(?i)KEY', 'key', 'kex'],
    ['a(?i:B)', 'ab', 'Ab'],
    ['x{,2}y', 'xxy', 'xx'],
    ['a{', 'a{', 'a'],
    ['[\\w.-]+@', 'a.b-c@', 'ä'],
    ['.', 'x', '\n'],
    ['(?m).', '\n', ''],
    ['', '', ''],
  ];
  for (const [pattern, yes, no] of matching) {
    assert.ok(rubyPattern(pattern).test(yes), pattern);
    if (no !== yes) assert.ok(!rubyPattern(pattern).test(no), pattern);
  }
});

test('what cannot be said in JavaScript is refused instead of taken for something else', () => {
  for (const pattern of ['a++', '(?>a)', '\\Gx', '[a&&b]', '[a[b]]', '(', '[', '*', '\\']) {
    assert.throws(() => rubyPattern(pattern), { name: 'PatternError' }, pattern);
  }
});
