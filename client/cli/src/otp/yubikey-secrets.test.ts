import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newKeyLine, newPublicId, programmingLines, publicIdOf, toModhex } from './yubikey-secrets.ts';

test('ids are modhex, and those of serial numbers are what ykksm-gen-keys makes of them', () => {
  assert.equal(toModhex('0123456789abcdef'), 'cbdefghijklnrtuv');
  assert.equal(publicIdOf(1), 'cccccccccccb');
  assert.equal(publicIdOf(4_711), 'ccccccccbdhi');
  assert.equal(publicIdOf(100_000), 'cccccccbjhlc');
  assert.match(newPublicId(), /^vv[cbdefghijklnrtuv]{10}$/);
});

test('a line of a key file has every field in its form, and secrets of its own', () => {
  const line = newKeyLine(4_711, Date.UTC(2027, 0, 2, 3, 4, 5));
  assert.match(line, /^4711,ccccccccbdhi,[0-9a-f]{12},[0-9a-f]{32},[0-9a-f]{12},2027-01-02T03:04:05,\n$/);
  assert.notEqual(line, newKeyLine(4_711, Date.UTC(2027, 0, 2, 3, 4, 5)));
});

test('no command that is shown has a secret in it', () => {
  for (const line of programmingLines('vvcccccccccb')) assert.doesNotMatch(line, /[0-9a-f]{12}/);
});
