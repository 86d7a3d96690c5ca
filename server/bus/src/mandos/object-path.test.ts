import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { objectPathOf } from './object-path.ts';

const free = (): boolean => false;

test('a name has the path that Mandos gives it', () => {
  assert.equal(objectPathOf('web-1.example.org', free), '/clients/web_1_example_org');
  assert.equal(objectPathOf('Web_2', free), '/clients/Web_2');
});

test('a name that no path could hold has one nevertheless', () => {
  assert.equal(objectPathOf('zurich/rack1', free), '/clients/zurich_2frack1');
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
      assert.match(objectPathOf(name, free), /^\/clients\/[A-Za-z0-9_]+$/);
    }),
  );
});

test('no two names share a path, whoever comes first', () => {
  const name = fc.stringMatching(/^[ab._/-]{1,5}$/);
  fc.assert(
    fc.property(fc.uniqueArray(name, { maxLength: 40 }), (names) => {
      const paths = new Set<string>();
      for (const each of names) paths.add(objectPathOf(each, (path) => paths.has(path)));
      assert.equal(paths.size, names.length);
    }),
  );
});
