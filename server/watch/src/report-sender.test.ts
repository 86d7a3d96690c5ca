import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type CallOptions,
  createClient,
  type InputOf,
  type machines,
  ok,
  type Result,
  refuse,
} from '@chatelaine/contract';
import { silentLog } from '@chatelaine/process';
import { ReportOutbox } from './report-outbox.ts';
import { type EndAnswer, ReportSender } from './report-sender.ts';

type Report = InputOf<typeof machines.report>;

const setUp = (
  answer: (report: Report, options: CallOptions) => Result<unknown> | Promise<Result<unknown>>,
  calmDelayMs = 1,
) => {
  const reports: Report[] = [];
  const answers: EndAnswer[] = [];
  let now = 0;
  const outbox = new ReportOutbox(60_000);
  const client = createClient({
    call: async (_, input, options) => {
      reports.push(input as Report);
      return await answer(input as Report, options);
    },
    stream: async () => refuse('unavailable'),
  });
  const sender = new ReportSender({
    client,
    outbox,
    log: silentLog,
    now: () => now,
    onAnswer: (given) => answers.push(given),
    urgentDelayMs: 1,
    calmDelayMs,
    pauseMs: 1,
  });
  return { sender, outbox, reports, answers, setNow: (ms: number) => (now = ms) };
};

const done = (name: string, startedAtMs = 0) => ({
  name,
  startedAtMs,
  endedAtMs: startedAtMs,
  status: 0,
  waitStatus: 0,
  command: 'true',
});

const until = async (condition: () => boolean): Promise<void> => {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
};

test('without a link nothing leaves; with one everything does', async () => {
  const { sender, outbox, reports } = setUp(() => ok({ due: [] }));
  outbox.completed(done('a'), true);
  sender.wake();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(reports.length, 0);
  sender.open();
  await until(() => outbox.isEmpty);
  assert.deepEqual(
    reports.map(({ completed }) => completed.map(({ name }) => name)),
    [['a']],
  );
});

test('what the keep did not take is told again, with the ages of then', async () => {
  let isThere = false;
  const { sender, outbox, reports, setNow } = setUp(() => (isThere ? ok({ due: [] }) : refuse('unavailable')));
  outbox.completed(done('a', 0), true);
  sender.open();
  await until(() => reports.length >= 2);
  setNow(5_000);
  isThere = true;
  await until(() => outbox.isEmpty);
  assert.deepEqual([reports[0]?.completed[0]?.startedAgoMs, reports.at(-1)?.completed[0]?.startedAgoMs], [0, 5_000]);
});

test('a report that is under way when the link goes is given up, and told over the next one', async () => {
  let isStuck = true;
  const { sender, outbox, reports } = setUp((_, { signal }) =>
    isStuck
      ? new Promise((resolve) => signal?.addEventListener('abort', () => resolve(refuse('cancelled'))))
      : ok({ due: [] }),
  );
  outbox.completed(done('a'), true);
  sender.open();
  await until(() => reports.length === 1);
  sender.close();
  isStuck = false;
  await new Promise((resolve) => setTimeout(resolve, 10));
  assert.equal(reports.length, 1);
  sender.open();
  await until(() => outbox.isEmpty);
  assert.equal(reports.length, 2);
});

test('one record that the keep cannot take does not keep the others from being told', async () => {
  const taken: string[] = [];
  const { sender, outbox } = setUp(({ completed }) => {
    if (completed.some(({ name }) => name === 'm13')) return refuse('damaged');
    taken.push(...completed.map(({ name }) => name));
    return ok({ due: [] });
  });
  const names = Array.from({ length: 60 }, (_, index) => `m${index}`);
  for (const name of names) outbox.completed(done(name), true);
  sender.open();
  await until(() => outbox.isEmpty);
  assert.deepEqual(
    taken,
    names.filter((name) => name !== 'm13'),
  );
});

test('each machine of a report is answered about', async () => {
  const { sender, outbox, answers } = setUp(() =>
    ok({
      due: [
        { name: 'a', inMs: 7 },
        { name: 'c', inMs: 9 },
      ],
    }),
  );
  outbox.completed(done('a'), true);
  outbox.completed(done('b'), true);
  for (const name of ['c', 'd']) outbox.due(name);
  sender.open();
  await until(() => answers.length === 4);
  assert.deepEqual(answers, [
    { name: 'a', inMs: 7, wasAsked: false },
    { name: 'b', inMs: undefined, wasAsked: false },
    { name: 'c', inMs: 9, wasAsked: true },
    { name: 'd', inMs: undefined, wasAsked: true },
  ]);
});

test('many results need few reports', async () => {
  const { sender, outbox, reports } = setUp(() => ok({ due: [] }));
  for (let index = 0; index < 240; index++) outbox.completed(done(`m${index}`), true);
  sender.open();
  await until(() => outbox.isEmpty);
  assert.equal(reports.length, 10);
});

test('news leaves soon, with everything that waited at leisure', async () => {
  const { sender, outbox, reports } = setUp(() => ok({ due: [] }), 3_600_000);
  sender.open();
  for (const name of ['a', 'b']) {
    outbox.completed(done(name), false);
    sender.wake();
  }
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(reports.length, 0);
  outbox.completed(done('c'), true);
  sender.wake();
  await until(() => outbox.isEmpty);
  assert.deepEqual(
    reports.map(({ completed }) => completed.map(({ name }) => name)),
    [['a', 'b', 'c']],
  );
  outbox.completed(done('d'), false);
  sender.wake();
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(reports.length, 1);
  sender.close();
});

test('at the end everything that is there is told, unless the keep does not take it', async () => {
  const { sender, outbox, reports } = setUp(() => ok({ due: [] }), 3_600_000);
  sender.open();
  for (let index = 0; index < 100; index++) outbox.completed(done(`m${index}`), false);
  await sender.finish();
  assert.ok(outbox.isEmpty);
  assert.equal(reports.length, 5);
  const deaf = setUp(() => refuse('sealed'), 3_600_000);
  deaf.sender.open();
  deaf.outbox.completed(done('a'), false);
  await deaf.sender.finish();
  assert.equal(deaf.reports.length, 1);
});
