import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ok, refuse } from '@chatelaine/contract';
import { callerOf, RateLimits } from './rate-limits.ts';

const start = (perSecond = 2, strangersPerSecond = 1) => {
  let nowMs = 0;
  const limits = new RateLimits({ perSecond, strangersPerSecond, now: () => nowMs });
  const take = (credential: string | undefined, source: string, times: number): number => {
    const caller = callerOf(credential === undefined ? undefined : Buffer.from(credential), source);
    let admitted = 0;
    for (let i = 0; i < times; i++) if (limits.admits(caller)) admitted++;
    return admitted;
  };
  const know = (credential: string): void =>
    limits.learn(callerOf(Buffer.from(credential), '192.0.2.1'), ok(undefined));
  const advance = (ms: number): void => {
    nowMs += ms;
  };
  return { limits, take, know, advance };
};

test('an allowance is used up and fills up again, to its most and no further', () => {
  const { take, advance } = start();
  assert.equal(take(undefined, '192.0.2.1', 50), 10);
  advance(3_000);
  assert.equal(take(undefined, '192.0.2.1', 50), 3);
  advance(3_600_000);
  assert.equal(take(undefined, '192.0.2.1', 50), 10);
});

test('a known token has its own, wherever it comes from; one that is not known counts for its address', () => {
  const { take, know, limits } = start();
  know('good');
  assert.equal(take(undefined, '192.0.2.1', 50), 10);
  assert.equal(take('guess', '192.0.2.1', 50), 0);
  assert.equal(
    take('good', '192.0.2.1', 2) + take('good', '192.0.2.9', 50),
    3,
    'four, less the one that it was learnt by',
  );
  limits.learn(callerOf(Buffer.from('good'), '192.0.2.1'), refuse('unauthenticated'));
  assert.equal(take('good', '192.0.2.1', 50), 0, 'revoked: a stranger again');
});

test('what says nothing of the credential changes nothing', () => {
  const { take, know, limits } = start();
  for (const code of ['unavailable', 'busy', 'invalid-input', 'sealed', 'deadline'] as const) {
    limits.learn(callerOf(Buffer.from('unknown'), '192.0.2.1'), refuse(code));
  }
  assert.equal(take(undefined, '192.0.2.1', 50), 10);
  assert.equal(take('unknown', '192.0.2.1', 1), 0);
  know('good');
  limits.learn(callerOf(Buffer.from('good'), '192.0.2.1'), refuse('unavailable'));
  assert.equal(take('good', '192.0.2.1', 1), 1);
});

test('addresses of one network count together, those of others do not', () => {
  const table: [string, string, boolean][] = [
    ['192.0.2.1', '192.0.2.2', false],
    ['192.0.2.1', '::ffff:192.0.2.1', true],
    ['2001:db8::1', '2001:db8::2', true],
    ['2001:db8::1', '2001:db8:0:0:5::1', true],
    ['2001:db8:0:1::1', '2001:db8:0:2::1', false],
    ['fe80::1%eth0', 'fe80::2%eth0', true],
  ];
  for (const [one, other, isSame] of table) {
    const { take } = start();
    take(undefined, one, 50);
    assert.equal(take(undefined, other, 50), isSame ? 0 : 10, `${one} and ${other}`);
  }
});

test('however many come, only some are remembered, and not the busiest are forgotten', () => {
  const { take, know, limits } = start();
  know('good');
  for (let i = 0; i < 10_050; i++) {
    limits.learn(callerOf(Buffer.from(`other-${i}`), '192.0.2.1'), ok(undefined));
    if (i % 1_000 === 0) take('good', '192.0.2.1', 1);
  }
  take(undefined, '192.0.2.1', 50);
  assert.equal(take('other-0', '192.0.2.1', 1), 0, 'forgotten: a stranger');
  assert.equal(take('other-10049', '192.0.2.1', 1), 1);
});
