import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { parse } from 'smol-toml';
import { tomlPositions } from './toml-positions.ts';

const source = `# a comment with [brackets] and = signs
purpose = "production" # another

title = """
[not.a.table]
key = "no"
"""
'single quoted' = '''it's
fine'''
[gate]
drain_seconds = 30
fronts = [
  "mandos", # the first
  "https",
]
inline = { a = 1, "b c" = [ { d = 2 }, { d = 3 } ] }
mandos.listen = "127.0.0.1:1"
mandos."an\\u0061" = '#'

  [ gate . "web" ]
when = 2026-11-25 11:00:00
[[peer]]
name = "one"
[[peer]]
name = "two\\""
[peer.inner]
deep = true
[[peer.list]]
x = 1
`;

/** Every path in a parsed document. */
const pathsOf = (value: unknown, path: readonly (string | number)[] = []): (readonly (string | number)[])[] => {
  if (typeof value !== 'object' || value === null || value instanceof Date) return [path];
  const entries = Array.isArray(value) ? value.map((item, index) => [index, item] as const) : Object.entries(value);
  const below = entries.flatMap(([name, item]) => pathsOf(item, [...path, name]));
  return path.length === 0 ? below : [path, ...below];
};

describe('where a key of a TOML document stands', () => {
  const positionOf = tomlPositions(source);
  const lineOf = (...path: (string | number)[]): string =>
    source.split('\n')[(positionOf(path)?.line ?? 0) - 1]?.trim() ?? 'nowhere';

  test('every key that the parser finds is found, on a line that contains its name', () => {
    for (const path of pathsOf(parse(source))) {
      const name = path.findLast((part) => typeof part === 'string') ?? '';
      assert.ok(positionOf(path), `${path} is found`);
      const line = lineOf(...path);
      assert.ok(
        typeof path.at(-1) === 'number' || line.includes(name) || line.includes('an\\u0061'),
        `${path} on: ${line}`,
      );
    }
  });

  test('items of lists, of lists of tables and of inline tables have places of their own', () => {
    assert.equal(lineOf('gate', 'fronts', 1), '"https",');
    assert.equal(lineOf('peer', 0, 'name'), 'name = "one"');
    assert.equal(lineOf('peer', 1, 'name'), 'name = "two\\""');
    assert.equal(lineOf('peer', 1, 'inner', 'deep'), 'deep = true');
    assert.equal(lineOf('peer', 1, 'list', 0, 'x'), 'x = 1');
    assert.equal(positionOf(['gate', 'inline', 'b c', 1, 'd'])?.column, 42);
  });

  test('text that only looks like a key is not one', () => {
    assert.equal(positionOf(['not']), undefined);
    assert.equal(positionOf(['key']), undefined);
  });

  test('for a key that is not written, the nearest table above it is named', () => {
    assert.equal(lineOf('gate', 'account'), '[gate]');
    assert.equal(positionOf(['keep', 'account']), undefined);
  });

  test('lines that end as in Windows count once', () => {
    assert.deepEqual(tomlPositions('a = 1\r\n\r\n[b]\r\nc = 2\r\n')(['b', 'c']), { line: 4, column: 1 });
  });
});
