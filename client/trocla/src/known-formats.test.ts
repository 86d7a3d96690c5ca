// The names that a look-up knows without loading the formats are those of the formats.

import assert from 'node:assert/strict';
import test from 'node:test';
import { formats } from '@chatelaine/password-hash';
import { knownFormats, renderedFormats } from './known-formats.ts';

test('the list is the registry', () => assert.deepEqual(knownFormats, [...formats.keys()]));

test('whatever has parts to show is loaded to be shown', () => {
  const withParts = [...formats.values()].filter(({ renderings }) => renderings.length > 0).map(({ name }) => name);
  assert.deepEqual(renderedFormats, withParts);
});

test('what is not loaded is shown as it is stored', () => {
  const value = new Uint8Array(Buffer.from('{SHA}x=\n'));
  for (const format of formats.values()) {
    if (renderedFormats.includes(format.name)) continue;
    const shown = format.render(value);
    assert.ok(shown.kind === 'rendered' && Buffer.from(value).equals(shown.text), format.name);
  }
});
