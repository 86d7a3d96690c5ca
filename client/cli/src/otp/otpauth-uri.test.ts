import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isUnusual, otpauthUri, type UriOptions } from './otpauth-uri.ts';

const seed = Buffer.from('12345678901234567890');
const usual: UriOptions = {
  ...{ kind: 'totp', issuer: 'Zürich & Co', account: 'ada', algorithm: 'sha1' },
  ...{ digits: 6, periodSeconds: 30, counter: 0 },
};

test('the URI names issuer and account percent-encoded, and of each kind what it needs', () => {
  const byTime = otpauthUri(seed, usual);
  assert.equal(
    byTime,
    'otpauth://totp/Z%C3%BCrich%20%26%20Co:ada?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Z%C3%BCrich%20%26%20Co&algorithm=SHA1&digits=6&period=30',
  );
  const byCounter = new URL(otpauthUri(seed, { ...usual, kind: 'hotp', counter: 7, digits: 8, algorithm: 'sha256' }));
  assert.equal(byCounter.host, 'hotp');
  assert.deepEqual(Object.fromEntries(byCounter.searchParams), {
    ...{ secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ', issuer: 'Zürich & Co' },
    ...{ algorithm: 'SHA256', digits: '8', counter: '7' },
  });
});

test('what some phones ignore is told', () => {
  assert.ok(!isUnusual(usual));
  assert.ok(isUnusual({ ...usual, digits: 8 }));
  assert.ok(isUnusual({ ...usual, algorithm: 'sha512' }));
  assert.ok(isUnusual({ ...usual, periodSeconds: 60 }));
});
