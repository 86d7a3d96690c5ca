import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { hmacSha1 } from './hmac-sha1.ts';

test('it is what RFC 2202 says', () => {
  const code = hmacSha1(Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?'));
  assert.equal(code.toString('hex'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
});

test('it is what Node says, for every key of a block at most, and leaves key and message as they were', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), fc.uint8Array({ maxLength: 300 }), (key, message) => {
      const before = [Buffer.from(key), Buffer.from(message)];
      assert.deepEqual(hmacSha1(key, message), createHmac('sha1', key).update(message).digest());
      assert.deepEqual([Buffer.from(key), Buffer.from(message)], before);
    }),
  );
  assert.throws(() => hmacSha1(new Uint8Array(65), new Uint8Array()), RangeError);
});
