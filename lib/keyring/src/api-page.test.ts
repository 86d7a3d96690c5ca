// The page of the library names everything that it exports, and every refusal.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { keyctl } from './index.ts';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const page = read('../../../docs/keyring.md');

const exportedNames = (source: string): readonly string[] =>
  [...source.matchAll(/export (?:type )?\{([^}]*)\}/g)]
    .flatMap(([, names = '']) => names.split(','))
    .map((name) => name.replace(/^\s*type\s+/, '').trim())
    .filter(Boolean);

test('every export is on the page', () => {
  const names = [...exportedNames(read('./index.ts')), ...exportedNames(read('./sealed.ts')), ...Object.keys(keyctl)];
  assert.ok(names.length > 70);
  assert.deepEqual(
    names.filter((name) => !page.includes(`\`${name}\``)),
    [],
  );
});

test('every refusal is on the page', () => {
  const table = read('./keyring-error.ts');
  const codes = [...table.slice(0, table.indexOf('as const')).matchAll(/^ {2}'?([a-z-]+)'?: \[/gm)].map(
    ([, code]) => code,
  );
  assert.ok(codes.length >= 15);
  assert.deepEqual(
    codes.filter((code) => !page.includes(`\`${code}\``)),
    [],
  );
});
