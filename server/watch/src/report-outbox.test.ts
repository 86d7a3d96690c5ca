import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkInput, machines } from '@chatelaine/contract';
import { ReportOutbox } from './report-outbox.ts';

const done = (name: string, startedAtMs: number, endedAtMs = startedAtMs) => ({
  name,
  startedAtMs,
  endedAtMs,
  status: 0,
  waitStatus: 0,
  command: 'true',
});

test('the age of a check is that of the moment of telling, however often it is told', () => {
  const outbox = new ReportOutbox(60_000);
  outbox.completed(done('a', 1_000, 1_500), false);
  assert.equal(outbox.report(1_600).completed[0]?.startedAgoMs, 600);
  assert.equal(outbox.report(30_000).completed[0]?.startedAgoMs, 29_000);
  assert.equal(outbox.report(30_000.2).completed[0]?.startedAgoMs, 29_001);
});

test('everything is told once, in whole reports that the contract allows', () => {
  const outbox = new ReportOutbox(60_000);
  const names = Array.from({ length: 300 }, (_, index) => `m${index}`);
  for (const name of names) {
    outbox.started(name, 'x'.repeat(10_000), 1, false);
    outbox.completed({ ...done(name, 1), command: 'x'.repeat(10_000) }, false);
    outbox.due(name);
  }
  assert.ok(outbox.isFull);
  const told = { started: [] as string[], completed: [] as string[], due: [] as string[] };
  for (let count = 0; !outbox.isEmpty; count++) {
    assert.ok(count < 40);
    const report = outbox.report(10);
    assert.equal(checkInput(machines.report, report).kind, 'ok');
    told.started.push(...report.started.map(({ name }) => name));
    told.completed.push(...report.completed.map(({ name }) => name));
    told.due.push(...report.due);
    outbox.told(report);
  }
  assert.deepEqual(told, { started: names, completed: names, due: names });
});

test('the end of a check is never told before its start', () => {
  const outbox = new ReportOutbox(60_000);
  for (let index = 0; index < 500; index++) outbox.started(`m${index}`, 'true', index, false);
  for (let index = 499; index >= 0; index--) outbox.completed(done(`m${index}`, index), false);
  const started = new Set<string>();
  while (!outbox.isEmpty) {
    const report = outbox.report(1_000);
    for (const { name } of report.started) started.add(name);
    for (const { name } of report.completed) assert.ok(started.has(name), name);
    outbox.told(report);
  }
});

test('what waited for too long is dropped and counted; a check that took long is not', () => {
  const outbox = new ReportOutbox(60_000);
  outbox.completed(done('waited', 0, 10), false);
  outbox.completed(done('took long', 0, 59_000), false);
  outbox.started('waited', 'true', 0, false);
  assert.equal(outbox.dropOld(60_000), 0);
  assert.equal(outbox.dropOld(60_011), 1);
  const { started, completed } = outbox.report(60_011);
  assert.deepEqual([started, completed.map(({ name }) => name)], [[], ['took long']]);
});

test('late checks are counted once, also when some are added while a report is under way', () => {
  const outbox = new ReportOutbox(60_000);
  outbox.started('a', 'true', 0, true);
  const report = outbox.report(1);
  assert.equal(report.late, 1);
  outbox.started('b', 'true', 2, true);
  outbox.started('c', 'true', 2, true);
  outbox.told(report);
  assert.equal(outbox.report(3).late, 2);
});

test('a question that is answered otherwise is not asked', () => {
  const outbox = new ReportOutbox(60_000);
  outbox.due('a');
  outbox.due('a');
  assert.deepEqual(outbox.report(0).due, ['a']);
  outbox.forgetDue();
  assert.ok(outbox.isEmpty);
});
