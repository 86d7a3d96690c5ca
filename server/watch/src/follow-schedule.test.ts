import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createClient, type machines, refuse, type Transport } from '@chatelaine/contract';
import { silentLog } from '@chatelaine/process';
import { followSchedule, type KeepState } from './follow-schedule.ts';
import { MachineChecks } from './machine-checks.ts';
import { ReportOutbox } from './report-outbox.ts';

const page = (...names: readonly string[]) => ({
  kind: 'machines',
  machines: names.map(
    (name): machines.WatchedMachine => ({
      name,
      host: name,
      checker: 'true',
      intervalMs: 60_000,
      values: {},
      firstCheckInMs: 0,
      dueInMs: 60_000,
    }),
  ),
});
const complete = { kind: 'complete' };

/** Follows streams that the test has written down; each ends as if it were cut off. */
const follow = async (streams: readonly (readonly object[] | 'sealed')[]) => {
  const states: KeepState[] = [];
  const begun: string[] = [];
  const stopped: string[] = [];
  const shown: string[][] = [];
  const end = new AbortController();
  const left = [...streams];
  const transport: Transport = {
    call: async () => refuse('unavailable'),
    stream: async () => {
      const items = left.shift();
      if (items === undefined) end.abort();
      if (items === undefined || items === 'sealed') return refuse('sealed');
      return (async function* () {
        yield* items;
        throw new Error('cut off');
      })();
    },
  };
  const checks = new MachineChecks({
    checkers: {
      begin: (order) => {
        begun.push(order.kind);
        return () => stopped.push(order.kind);
      },
    },
    outbox: new ReportOutbox(60_000),
    log: silentLog,
    now: () => 0,
    maxCheckers: 64,
  });
  await followSchedule({
    client: createClient(transport),
    checks,
    pauseMs: 1,
    onState: (state) => states.push(state),
    onChange: () => {
      checks.advance();
      shown.push([...checks.names]);
    },
    signal: end.signal,
  });
  return { states, begun, stopped, shown, checks };
};

test('every page is taken, then every change', async () => {
  const { shown, states } = await follow([
    [page('a', 'b'), page('c'), complete, page('d'), { kind: 'gone', name: 'a' }],
  ]);
  assert.deepEqual(shown, [
    ['a', 'b'],
    ['a', 'b', 'c'],
    ['a', 'b', 'c'],
    ['a', 'b', 'c', 'd'],
    ['b', 'c', 'd'],
  ]);
  assert.deepEqual(states, [
    { kind: 'there' },
    { kind: 'complete', machines: 3 },
    { kind: 'gone', code: 'unavailable' },
  ]);
});

test('after a cut everything is told anew: what is not named any more goes when that is sure, and a check that runs goes on', async () => {
  const { shown, begun, stopped } = await follow([
    [page('a', 'b'), complete],
    'sealed',
    [page('b')],
    [page('b'), page('c'), complete],
  ]);
  assert.deepEqual(shown, [
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b', 'c'],
    ['b', 'c'],
  ]);
  assert.equal(begun.length, 3, 'b is not begun a second time while it runs');
  assert.equal(stopped.length, 1, 'only the check of a is stopped');
});

test('a keep that is sealed is asked again', async () => {
  const { states, checks } = await follow(['sealed', 'sealed', [page('a'), complete]]);
  assert.deepEqual(states.slice(0, 2), [
    { kind: 'gone', code: 'sealed' },
    { kind: 'gone', code: 'sealed' },
  ]);
  assert.equal(checks.size, 1);
});

test('started and stopped by hand', async () => {
  const { begun, stopped } = await follow([
    [
      complete,
      { kind: 'machines', machines: page('a').machines.map((one) => ({ ...one, firstCheckInMs: 30_000 })) },
      { kind: 'start', name: 'a' },
      { kind: 'start', name: 'nobody' },
      { kind: 'stop', name: 'a' },
    ],
  ]);
  assert.deepEqual([begun.length, stopped.length], [1, 1]);
});
