import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machines, system } from '@chatelaine/contract';
import { makeKeyPair } from '@chatelaine/rawtls/testing';
import { settings, startKeep } from '../testing/start-keep.ts';
import { systemClock } from './clock.ts';

const HOUR_MS = 3_600_000;
const HALF_AN_HOUR_MS = HOUR_MS / 2;

test('a wall clock that is set while the keep runs, forward or back, moves nothing', (t) => {
  const clock = systemClock();
  const before = { unixMs: clock.nowUnixMs(), elapsedMs: clock.elapsedMs() };
  const wallClock = t.mock.method(Date, 'now');
  for (const shift of [HOUR_MS, -HOUR_MS]) {
    wallClock.mock.mockImplementation(() => before.unixMs + shift);
    const passed = clock.nowUnixMs() - before.unixMs;
    assert.ok(passed >= 0 && passed < HALF_AN_HOUR_MS);
    assert.ok(clock.elapsedMs() - before.elapsedMs < HALF_AN_HOUR_MS);
  }
});

test('a clock that is known to be behind follows the wall clock forward, never back', (t) => {
  const clock = systemClock();
  const before = clock.nowUnixMs();
  const wallClock = t.mock.method(Date, 'now', () => before - HOUR_MS);
  clock.catchUp();
  assert.ok(clock.nowUnixMs() >= before);
  wallClock.mock.mockImplementation(() => before + HOUR_MS);
  clock.catchUp();
  assert.ok(clock.nowUnixMs() >= before + HOUR_MS);
});

test('a machine that ran out of time by a clock far ahead stays out of time when the clock was put right', async () => {
  await using started = await startKeep();
  await started.unseal();
  const strict = { ...settings, timeoutMs: 300_000, extendedTimeoutMs: 300_000 };
  const pair = await started.enroll('web1', { settings: strict });
  assert.equal((await started.fetch(pair)).kind, 'ok');
  await using ahead = await started.restart(24 * HOUR_MS);
  await ahead.unseal();
  const refused = await ahead.fetch(pair);
  assert.equal(refused.kind === 'refused' && refused.code, 'expired');
  await using right = await ahead.restart(-24 * HOUR_MS);
  await right.unseal();
  assert.equal((await right.admin.call(system.confirmClock, {})).kind, 'ok');
  const still = await right.fetch(pair);
  assert.equal(still.kind === 'refused' && still.code, 'expired');
  assert.equal((await right.admin.call(machines.enable, { name: 'web1' })).kind, 'ok');
  assert.equal((await right.fetch(pair)).kind, 'ok', 'a person brings it back');
});

test('a keep that was stopped knows when that was, though what it counted last is on record with an older time', async () => {
  await using started = await startKeep();
  await started.unseal();
  const stranger = makeKeyPair();
  assert.equal((await started.fetch(stranger)).kind, 'refused');
  started.clock.advance(50_000);
  await started.enroll('web1');
  await using next = await started.restart(-30_000);
  await next.unseal();
  const status = await next.admin.call(system.status, {});
  assert.equal(status.kind === 'ok' && status.value.clockBehindMs, 30_000);
});
