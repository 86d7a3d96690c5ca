import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Failure } from '../failure.ts';
import { parseHashMemory, parseSize } from './size-option.ts';

describe('a size', () => {
  test('is taken with and without a unit, in whole blocks', () => {
    assert.equal(parseSize('512M', '--size'), 512 * 1_048_576);
    assert.equal(parseSize('2GiB', '--size'), 2_147_483_648);
    assert.equal(parseSize('16777217', '--size'), 16_781_312);
  });

  test('that is no size, or too small, is refused with the name of its option', () => {
    for (const wrong of ['', 'x', '-1G', '1.5G', '15M', '1P', '999999999999T']) {
      assert.throws(
        () => parseSize(wrong, '--size'),
        (error) => error instanceof Failure && /--size/.test(error.message),
      );
    }
    for (const wrong of ['31', '4097', '64M', '']) assert.throws(() => parseHashMemory(wrong), Failure);
    assert.equal(parseHashMemory('64'), 64);
  });
});
