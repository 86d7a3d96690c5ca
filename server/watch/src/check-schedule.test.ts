import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CheckSchedule } from './check-schedule.ts';

const MINUTE = 60_000;

test('checks follow each other at multiples of the interval, however late each was noticed', () => {
  const schedule = new CheckSchedule();
  schedule.setChecks('web1', MINUTE, 10_000, 0);
  const dueAt: number[] = [];
  for (let now = 0; now <= 10 * MINUTE; now += 731) {
    for (const { dueAtMs } of schedule.take(now).checks) dueAt.push(dueAtMs);
  }
  assert.deepEqual(
    dueAt,
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9].map((count) => 10_000 + count * MINUTE),
  );
});

test('it says in which time something is due, and nothing is due earlier', () => {
  const schedule = new CheckSchedule();
  assert.equal(schedule.waitMs(0), Number.POSITIVE_INFINITY);
  schedule.setChecks('web1', MINUTE, 5_000, 0);
  schedule.setEnd('web1', 3_000, 0);
  assert.equal(schedule.waitMs(1_000), 2_000);
  assert.deepEqual(schedule.take(2_999), { checks: [], ended: [] });
  assert.deepEqual(schedule.take(3_000), { checks: [], ended: ['web1'] });
  assert.deepEqual(schedule.take(3_000), { checks: [], ended: [] });
  assert.equal(schedule.waitMs(3_000), 2_000);
});

/** A thousand machines, spread over two minutes. */
const fleet = (): CheckSchedule => {
  const schedule = new CheckSchedule();
  for (let index = 0; index < 1_000; index++) schedule.setChecks(`m${index}`, 2 * MINUTE, index * 120, 0);
  return schedule;
};

for (const hours of [1, 24 * 365]) {
  test(`after ${hours} hours in which the process did not run there is no storm, and every machine has its turn as it would have had`, () => {
    const schedule = fleet();
    let now = MINUTE;
    for (let at = 0; at <= now; at += 60) schedule.take(at);
    now += hours * 60 * MINUTE;
    const first = schedule.take(now).checks;
    assert.ok(first.length >= 1 && first.length <= 16, `${first.length} at once`);
    assert.ok(first.every(({ dueAtMs }) => dueAtMs === now));
    const seen = new Map<string, number>();
    let most = 0;
    for (let at = now; at <= now + 2 * MINUTE; at += 60) {
      const { checks } = schedule.take(at);
      most = Math.max(most, checks.length);
      for (const { name } of checks) seen.set(name, (seen.get(name) ?? 0) + 1);
    }
    assert.ok(most <= 16, `${most} at once`);
    assert.equal(seen.size, 1_000);
    assert.ok([...seen.values()].every((count) => count <= 2));
  });
}

test('a clock that is a little late is not a pause: what is due is done at once', () => {
  const schedule = fleet();
  schedule.take(0);
  const { checks } = schedule.take(4_900);
  assert.ok(checks.length > 30 && checks.length < 50, `${checks.length} at once`);
});

test('the end of a time does not move while the process does not run', () => {
  const schedule = fleet();
  schedule.setEnd('m1', 5 * MINUTE, 0);
  assert.deepEqual(schedule.take(60 * MINUTE).ended, ['m1']);
});

test('a few machines have their turn together, and it is never later than was said', () => {
  for (const size of [10, 100, 1_000, 10_000, 100_000]) {
    const schedule = new CheckSchedule();
    const saidMs = new Map<string, number>();
    for (let index = 0; index < size; index++) {
      const firstInMs = 1 + ((index * 7_919) % 10_000);
      saidMs.set(`m${index}`, firstInMs);
      schedule.setChecks(`m${index}`, 10_000, firstInMs, 0);
    }
    const together = new Map<number, number>();
    for (const { name, dueAtMs } of schedule.take(4_999).checks) {
      together.set(dueAtMs, (together.get(dueAtMs) ?? 0) + 1);
      const earlyMs = (saidMs.get(name) ?? 0) - dueAtMs;
      assert.ok(earlyMs >= 0 && earlyMs <= 1_000, `${name} is ${earlyMs} ms early`);
    }
    // At more than 320 checks a second the moments get no finer.
    const most = Math.max(...together.values());
    assert.ok(most <= 80 + (size / 10_000) * 50 * 1.1, `${most} of ${size} at once`);
    if (size === 100) assert.ok(together.size <= 6, 'one moment a second is enough for ten checks a second');
  }
});

test('a machine whose settings changed keeps its turn unless another was said', () => {
  const schedule = new CheckSchedule();
  schedule.setChecks('web1', MINUTE, 5_000, 0);
  schedule.setChecks('web1', 2 * MINUTE, undefined, 1_000);
  assert.equal(schedule.nextCheckInMs('web1', 1_000), 4_000);
  assert.equal(schedule.take(5_000).checks.length, 1);
  assert.equal(schedule.nextCheckInMs('web1', 5_000), 2 * MINUTE);
  schedule.setChecks('web1', 2 * MINUTE, 0, 6_000);
  assert.equal(schedule.take(6_000).checks.length, 1);
});

test('a machine that is new and without a first moment has its first turn after one interval', () => {
  const schedule = new CheckSchedule();
  schedule.setChecks('web1', MINUTE, undefined, 1_000);
  assert.equal(schedule.nextCheckInMs('web1', 1_000), MINUTE);
});

test('a machine that is gone has no turn any more', () => {
  const schedule = fleet();
  schedule.setEnd('m0', 0, 0);
  schedule.delete('m0');
  const { checks, ended } = schedule.take(100);
  assert.deepEqual([checks.some(({ name }) => name === 'm0'), checks.length > 0, ended], [false, true, []]);
});

test('an interval of nothing is a second', () => {
  const schedule = new CheckSchedule();
  schedule.setChecks('web1', 0, 0, 0);
  assert.equal(schedule.take(0).checks.length, 1);
  assert.equal(schedule.waitMs(0), 1_000);
});
