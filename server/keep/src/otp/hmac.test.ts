import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { Hmac, hmac } from './hmac.ts';

test('it is what RFC 2202 says', () => {
  const code = hmac('sha1', Buffer.from('Jefe'), Buffer.from('what do ya want for nothing?'));
  assert.equal(code.toString('hex'), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
});

test('it is what Node says, for every key of a block at most, and leaves key and message as they were', () => {
  const algorithm = fc.constantFrom('sha1' as const, 'sha256' as const, 'sha512' as const);
  const messages = fc.array(fc.uint8Array({ minLength: 8, maxLength: 8 }), { minLength: 1, maxLength: 3 });
  fc.assert(
    fc.property(
      algorithm,
      fc.uint8Array({ maxLength: 64 }),
      fc.uint8Array({ maxLength: 300 }),
      (name, key, message) => {
        const before = [Buffer.from(key), Buffer.from(message)];
        assert.deepEqual(hmac(name, key, message), createHmac(name, key).update(message).digest());
        assert.deepEqual([Buffer.from(key), Buffer.from(message)], before);
      },
    ),
  );
  fc.assert(
    fc.property(algorithm, fc.uint8Array({ maxLength: 64 }), messages, (name, key, all) => {
      using codes = new Hmac(name, key, 8);
      for (const message of all) assert.deepEqual(codes.of(message), createHmac(name, key).update(message).digest());
    }),
  );
  assert.throws(() => hmac('sha1', new Uint8Array(65), new Uint8Array()), RangeError);
});
