import assert from 'node:assert/strict';
import { test } from 'node:test';
import { audit, machines, type OutputOf, system } from '@chatelaine/contract';
import { type StartedKeep, settings, startKeep } from '../../testing/start-keep.ts';

const MINUTE_MS = 60_000;
const nothingSeen = { started: [], completed: [], due: [], late: 0 };
const strict = { ...settings, timeoutMs: 5 * MINUTE_MS, extendedTimeoutMs: 15 * MINUTE_MS };
const likeMandos = { ...strict, compat: 'mandos' } as const;

const seen = async (started: StartedKeep, name: string, status = 0, startedAgoMs = 0) => {
  const completed = [{ name, status, startedAgoMs, waitStatus: Math.max(0, status) * 256, command: 'true' }];
  const answer = await started.watch.call(machines.report, { ...nothingSeen, completed });
  assert.equal(answer.kind, 'ok');
  return answer.kind === 'ok' ? answer.value.due : [];
};

const codeOf = (answer: { readonly kind: string; readonly code?: string }): string => answer.code ?? answer.kind;

const viewOf = async (started: StartedKeep, name: string): Promise<machines.MachineView> => {
  const shown = await started.admin.call(machines.show, { name });
  assert.equal(shown.kind, 'ok');
  return (shown as { value: machines.MachineView }).value;
};

test('a silent machine gets nothing, stays silent, and is served again once a person enables it', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: strict });
  started.clock.advance(4 * MINUTE_MS);
  await seen(started, 'web1');
  started.clock.advance(5 * MINUTE_MS - 1);
  assert.equal((await viewOf(started, 'web1')).state, 'enabled');
  started.clock.advance(1);
  assert.equal(codeOf(await started.fetch(pair)), 'expired');
  assert.deepEqual(await seen(started, 'web1'), [], 'a late success is told that there is nothing to look at');
  assert.equal(codeOf(await started.fetch(pair)), 'expired', 'a late success does not revive it');
  assert.equal((await viewOf(started, 'web1')).state, 'expired');
  await started.admin.call(machines.enable, { name: 'web1' });
  assert.equal((await started.fetch(pair)).kind, 'ok');
});

test('a check that is stopped runs no more, whether a person stopped it or the machine is cut off', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1', { settings: strict });
  const schedule = await started.watch.stream(machines.schedule, {});
  assert.ok(Symbol.asyncIterator in schedule);
  const items = schedule[Symbol.asyncIterator]();
  while ((await items.next()).value?.kind !== 'complete');
  const begin = { ...nothingSeen, started: [{ name: 'web1', command: 'sleep 60' }] };
  for (const [operation, input] of [
    [machines.check, { name: 'web1', run: false }],
    [machines.disable, { name: 'web1' }],
  ] as const) {
    assert.equal((await started.watch.call(machines.report, begin)).kind, 'ok');
    assert.equal((await viewOf(started, 'web1')).checkerRunning, true);
    assert.equal((await started.admin.call<typeof operation>(operation, input as never)).kind, 'ok');
    assert.equal((await viewOf(started, 'web1')).checkerRunning, false, operation.name);
  }
  await items.return?.();
});

test('a check counts from its start, not from when it was reported', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1', { settings: strict });
  started.clock.advance(4 * MINUTE_MS);
  assert.deepEqual(await seen(started, 'web1', 0, MINUTE_MS), [{ name: 'web1', inMs: 4 * MINUTE_MS }]);
});

test('fetching again gains no time: a thief who fetches and fetches is refused when the one extension is over', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: strict });
  for (let minute = 0; minute < 15; minute++) {
    assert.equal((await started.fetch(pair)).kind, 'ok', `minute ${minute}`);
    started.clock.advance(MINUTE_MS);
  }
  assert.equal(codeOf(await started.fetch(pair)), 'expired');
});

test('with the rules of Mandos every fetch extends, and so does a restart', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: likeMandos });
  for (let fetches = 0; fetches < 4; fetches++) {
    assert.equal((await started.fetch(pair)).kind, 'ok');
    started.clock.advance(14 * MINUTE_MS);
  }
  await using again = await started.restart(0);
  await again.unseal();
  const { expiresAtUnixMs = 0 } = await viewOf(again, 'web1');
  const leftMs = expiresAtUnixMs - again.clock.nowUnixMs();
  const { intervalMs } = likeMandos;
  assert.ok(leftMs >= intervalMs && leftMs < 2 * intervalMs, `a random first check and one interval, not ${leftMs} ms`);
});

test('a restart adds no time to a strict machine', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: strict });
  const before = await viewOf(started, 'web1');
  await using again = await started.restart(MINUTE_MS);
  await again.unseal();
  assert.equal((await viewOf(again, 'web1')).expiresAtUnixMs, before.expiresAtUnixMs);
  again.clock.advance(4 * MINUTE_MS);
  assert.equal(codeOf(await again.fetch(pair)), 'expired');
});

test('a machine of Mandos whose time ran out while the server was off stays out, unless its last check was good', async () => {
  await using started = await startKeep();
  await started.unseal();
  const never = await started.enroll('never-seen', { settings: likeMandos });
  const good = await started.enroll('good', { settings: likeMandos });
  const bad = await started.enroll('bad', { settings: likeMandos });
  await seen(started, 'good');
  await seen(started, 'bad');
  await seen(started, 'bad', 1);
  await using again = await started.restart(60 * MINUTE_MS);
  await again.unseal();
  assert.equal(codeOf(await again.fetch(never)), 'expired');
  assert.equal(codeOf(await again.fetch(bad)), 'expired');
  assert.equal((await again.fetch(good)).kind, 'ok');
});

test('a clock that was set back serves nobody until it is right or a person says so', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: strict });
  started.clock.advance(6 * MINUTE_MS);
  assert.equal(codeOf(await started.fetch(pair)), 'expired');
  await started.admin.call(machines.enable, { name: 'web1' });
  await using again = await started.restart(-3_600_000);
  await again.unseal();
  assert.equal(codeOf(await again.fetch(pair)), 'clock-behind');
  const status = await again.admin.call(system.status, {});
  assert.equal(status.kind === 'ok' && status.value.clockBehindMs, 3_600_000);
  const confirmed = await again.admin.call(system.confirmClock, {});
  assert.deepEqual(confirmed, { kind: 'ok', value: { wasBehindMs: 3_600_000 } });
  assert.equal((await again.fetch(pair)).kind, 'ok');
  await using once = await again.restart(0);
  await once.unseal();
  assert.equal((await once.fetch(pair)).kind, 'ok', 'the confirmation is on record');
});

test('a longer timeout moves the end, a shorter one can end it at once; what is absent stays', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: strict });
  const before = await viewOf(started, 'web1');
  await started.admin.call(machines.set, { name: 'web1', settings: { timeoutMs: 10 * MINUTE_MS }, clear: [] });
  const after = await viewOf(started, 'web1');
  assert.equal((after.expiresAtUnixMs ?? 0) - (before.expiresAtUnixMs ?? 0), 5 * MINUTE_MS);
  assert.deepEqual(after.settings, { ...before.settings, timeoutMs: 10 * MINUTE_MS });
  started.clock.advance(2 * MINUTE_MS);
  await started.admin.call(machines.set, { name: 'web1', settings: { timeoutMs: MINUTE_MS }, clear: [] });
  assert.equal(codeOf(await started.fetch(pair)), 'expired');
});

test('a person who vouches for a machine gives it time, but does not enable one that is cut off or silent', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('web1', { settings: strict });
  started.clock.advance(4 * MINUTE_MS);
  await started.admin.call(machines.vouch, { name: 'web1' });
  started.clock.advance(4 * MINUTE_MS);
  assert.equal((await viewOf(started, 'web1')).state, 'enabled');
  await started.admin.call(machines.disable, { name: 'web1' });
  await started.admin.call(machines.vouch, { name: 'web1' });
  assert.equal(codeOf(await started.fetch(pair)), 'disabled');
});

test('the record says when a machine falls silent, is alive again and runs out of time, not every check', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1', { settings: strict });
  for (const status of [0, 0, 1, 1, -1, 0, 0]) await seen(started, 'web1', status);
  started.clock.advance(5 * MINUTE_MS);
  await started.watch.call(machines.report, { ...nothingSeen, due: ['web1'] });
  const records = await started.admin.call(audit.list, { limit: 50, object: 'machines/web1' });
  assert.equal(records.kind, 'ok');
  const became = (records as { value: OutputOf<typeof audit.list> }).value.records
    .filter(({ operation }) => operation === 'machines.report')
    .map(({ facts }) => facts.find(({ name }) => name === 'became')?.value)
    .toReversed();
  assert.deepEqual(became, ['silent', 'alive', 'expired']);
});

test('the watch is told every machine whose time runs, then each change', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1', { settings: { ...strict, host: 'web1.example', checker: 'fping -q -- %(host)s' } });
  await started.enroll('off', { enabled: false });
  const stop = new AbortController();
  const stream = await started.watch.stream(machines.schedule, {}, { signal: stop.signal });
  assert.ok(Symbol.asyncIterator in stream);
  const items = stream[Symbol.asyncIterator]();
  const next = async () => (await items.next()).value as OutputOf<typeof machines.schedule>;
  const first = await next();
  assert.equal(first.kind, 'machines');
  const [machine, ...others] = first.kind === 'machines' ? first.machines : [];
  assert.deepEqual(others, []);
  assert.deepEqual(machine?.values, { host: 'web1.example' });
  assert.equal(machine?.dueInMs, 5 * MINUTE_MS);
  assert.ok((machine?.firstCheckInMs ?? Number.NaN) < 5 * MINUTE_MS);
  assert.deepEqual(await next(), { kind: 'complete' });
  await started.admin.call(machines.check, { name: 'web1', run: true });
  assert.deepEqual(await next(), { kind: 'start', name: 'web1' });
  await started.admin.call(machines.disable, { name: 'web1' });
  assert.deepEqual(await next(), { kind: 'gone', name: 'web1' });
  stop.abort();
});

test('nobody but the watch can say that a machine is alive', async () => {
  await using started = await startKeep();
  await started.unseal();
  await started.enroll('web1');
  for (const client of [started.gate, started.admin]) {
    assert.equal(codeOf(await client.call(machines.report, nothingSeen)), 'denied');
  }
  assert.equal(codeOf(await started.watch.call(machines.enable, { name: 'web1' })), 'denied');
  assert.equal(codeOf(await started.watch.call(machines.list, { limit: 1 })), 'denied');
});
