import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { exitCodes } from './exit-codes.ts';
import { renderCommandReference } from './reference-page.ts';

test('the page about the command line is current', () => {
  const page = readFileSync(new URL('../../../docs/cli.md', import.meta.url), 'utf8');
  assert.equal(page, renderCommandReference(), 'run: node scripts/generate-docs.ts');
});

test('no two ways to end have the same code', () => {
  const codes = Object.values(exitCodes).map(({ code }) => code);
  assert.equal(new Set(codes).size, codes.length);
});
