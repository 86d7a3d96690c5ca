import assert from 'node:assert/strict';
import test from 'node:test';
import { displayWidth, printable, shortened } from './printable.ts';
import { formatTable } from './table.ts';

const columns = [{ title: 'NAME', isFlexible: true }, { title: 'STATE' }, { title: 'HOST', isFlexible: true }];

test('columns are as wide as what is in them, with nothing behind the last', () => {
  assert.equal(
    formatTable(columns, [
      ['web1', 'enabled', 'a'],
      ['longer-name', 'x', ''],
    ]),
    'NAME         STATE    HOST\nweb1         enabled  a\nlonger-name  x\n',
  );
});

test('on a terminal the widest flexible columns are cut until every line fits', () => {
  const table = formatTable(columns, [['n'.repeat(60), 'enabled', 'h'.repeat(40)]], 40);
  const lines = table.trimEnd().split('\n');
  assert.ok(
    lines.every((line) => displayWidth(line) <= 40),
    table,
  );
  assert.match(table, /n… {2}enabled {2}h+…/);
});

test('a table that does not fit is not cut in a file', () => {
  assert.ok(formatTable(columns, [['n'.repeat(300), 'x', 'y']]).includes('n'.repeat(300)));
});

test('wide and combining characters are counted as the terminal draws them', () => {
  assert.equal(displayWidth('世界'), 4);
  assert.equal(displayWidth('e\u0301'), 1);
  assert.equal(displayWidth('🔑'), 2);
  assert.equal(shortened('世界世界', 5), '世界…');
  assert.equal(shortened('abc', 3), 'abc');
});

test('what a terminal would obey, hide or reorder is shown as its number', () => {
  assert.equal(
    printable('a\u001b[31mb\u0007\u009b\u202ec\u200bd\n'),
    'a\\u{1b}[31mb\\u{7}\\u{9b}\\u{202e}c\\u{200b}d\\u{a}',
  );
  assert.equal(printable('Zürich 世界 🔑'), 'Zürich 世界 🔑');
});
