import assert from 'node:assert/strict';
import test from 'node:test';
import { DEFAULT_MASK, FROZEN_MASK, formatMask, makeMask, permission, readMask } from './permissions.ts';

test('a mask is printed as keyctl prints it', () => {
  assert.equal(formatMask(DEFAULT_MASK), 'alswrv-----v------------');
  assert.equal(formatMask(FROZEN_MASK), '--s-rv------------------');
  assert.equal(formatMask(0), '-'.repeat(24));
});

test('a mask taken apart and put together is the same', () => {
  for (const mask of [DEFAULT_MASK, FROZEN_MASK, 0x3f3f_3f3f, 0, 0x1f3f_0000])
    assert.equal(makeMask(readMask(mask)), mask);
  assert.equal(makeMask({ possessor: permission.all, user: permission.view }), DEFAULT_MASK);
  assert.throws(() => makeMask({ user: 0x40 }), RangeError);
});
