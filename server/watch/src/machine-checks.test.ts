import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { machines } from '@chatelaine/contract';
import { type Log, silentLog } from '@chatelaine/process';
import { type Ending, MachineChecks } from './machine-checks.ts';
import { ReportOutbox } from './report-outbox.ts';

const MINUTE = 60_000;

const machine = (name: string, more: Partial<machines.WatchedMachine> = {}): machines.WatchedMachine => ({
  name,
  host: `${name}.example`,
  checker: 'true',
  intervalMs: MINUTE,
  values: {},
  firstCheckInMs: 0,
  dueInMs: 60 * MINUTE,
  ...more,
});

/** Checks whose checkers end when the test says so. */
const setUp = (maxCheckers = 64) => {
  let now = 0;
  const begun: { readonly what: string; end(ending: Ending): void; isStopped: boolean }[] = [];
  const said: string[] = [];
  const say = (fields: object | string): void => void said.push(JSON.stringify(fields));
  const log: Log = { ...silentLog, error: say, warn: say };
  const outbox = new ReportOutbox(10 * MINUTE);
  const checks = new MachineChecks({
    checkers: {
      begin: (order, ended) => {
        const what = order.kind === 'run' ? order.command : `${order.kind} ${order.host}:${order.port}`;
        const one = { what, end: ended, isStopped: false };
        begun.push(one);
        return () => {
          one.isStopped = true;
        };
      },
    },
    outbox,
    log,
    now: () => now,
    maxCheckers,
  });
  const at = (ms: number): void => {
    now = ms;
    checks.advance();
  };
  return { checks, outbox, begun, said, at };
};

const exit = (code: number): Ending => ({ kind: 'ended', waitStatus: code << 8 });

test('a check is told with its start, its status and the command that was run', () => {
  const { checks, outbox, begun, at } = setUp();
  checks.set(machine('web1', { checker: 'ping %(host)s', values: { host: 'a b' } }), false);
  at(0);
  assert.deepEqual(
    begun.map(({ what }) => what),
    ["ping 'a b'"],
  );
  at(700);
  begun[0]?.end(exit(3));
  const { started, completed } = outbox.report(1_000);
  assert.deepEqual(started, [{ name: 'web1', command: "ping 'a b'" }]);
  assert.deepEqual(completed, [
    { name: 'web1', startedAgoMs: 1_000, status: 3, waitStatus: 768, command: "ping 'a b'" },
  ]);
});

test('ended by a signal is -1, as Mandos has it', () => {
  const { checks, outbox, begun, at } = setUp();
  checks.set(machine('web1'), false);
  at(0);
  begun[0]?.end({ kind: 'ended', waitStatus: 9 });
  assert.deepEqual(
    outbox.report(0).completed.map(({ status, waitStatus }) => [status, waitStatus]),
    [[-1, 9]],
  );
});

test('a machine whose check still runs is not looked at again, however many turns pass', () => {
  const { checks, begun, at } = setUp();
  checks.set(machine('web1'), false);
  for (let minute = 0; minute < 10; minute++) at(minute * MINUTE);
  assert.equal(begun.length, 1);
  begun[0]?.end(exit(0));
  at(10 * MINUTE);
  assert.equal(begun.length, 2);
});

test('a checker with a broken format is said once, and tried again: a change makes it work', () => {
  const { checks, outbox, begun, said, at } = setUp();
  checks.set(machine('web1', { checker: 'ping %(hots)s', values: { host: 'web1' } }), false);
  for (let minute = 0; minute < 5; minute++) at(minute * MINUTE);
  assert.deepEqual([begun.length, said.length], [0, 1]);
  assert.ok(outbox.isEmpty);
  checks.set(machine('web1', { checker: 'ping %(host)d', values: { host: 'web1' }, firstCheckInMs: 0 }), false);
  at(5 * MINUTE);
  assert.deepEqual([begun.length, said.length], [0, 2]);
  checks.set(machine('web1', { checker: 'ping %(host)s', values: { host: 'web1' }, firstCheckInMs: 0 }), false);
  at(6 * MINUTE);
  assert.deepEqual([begun.length, said.length], [1, 2]);
});

test('a checker that cannot be started says nothing about the machine', () => {
  const { checks, outbox, begun, said, at } = setUp();
  checks.set(machine('web1'), false);
  at(0);
  begun[0]?.end({ kind: 'failed', reason: 'EAGAIN' });
  assert.deepEqual(outbox.report(0).completed, []);
  assert.equal(said.length, 1);
  at(MINUTE);
  assert.equal(begun.length, 2);
});

test('nothing is started for a heartbeat or an empty checker, but the end of their time is asked about', () => {
  const { checks, outbox, begun, at } = setUp();
  checks.set(machine('web1', { checker: '@heartbeat' }), false);
  checks.set(machine('web2', { checker: '' }), false);
  checks.start('web1');
  at(60 * MINUTE);
  assert.equal(begun.length, 0);
  assert.deepEqual(outbox.report(0).due.toSorted(), ['web1', 'web2']);
});

test('the built-in checks take only what is a host', () => {
  const { checks, begun, said, at } = setUp();
  const sha = 'ab'.repeat(32);
  checks.set(machine('tls', { checker: `@tls-key ${sha} 443`, host: 'web1.example' }), false);
  checks.set(machine('six', { checker: `@tls-key ${sha} 443`, host: 'fe80::1%eth0' }), false);
  for (const [index, host] of ['', '-oProxyCommand=x', 'a b', 'root@web1', '$(id)', 'ssh://web1', 'a\nb'].entries()) {
    checks.set(machine(`wrong${index}`, { checker: '@ssh-host-key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5', host }), false);
  }
  at(0);
  assert.deepEqual(
    begun.map(({ what }) => what),
    ['tls-key web1.example:443', 'tls-key fe80::1%eth0:443'],
  );
  assert.equal(said.length, 7);
});

test('a check that was stopped, or whose machine is gone, is told to nobody', () => {
  const { checks, outbox, begun, at } = setUp();
  checks.set(machine('web1'), false);
  checks.set(machine('web2'), false);
  at(0);
  outbox.told(outbox.report(0));
  checks.stop('web1');
  checks.delete('web2');
  assert.deepEqual(
    begun.map(({ isStopped }) => isStopped),
    [true, true],
  );
  for (const { end } of begun) end({ kind: 'ended', waitStatus: 15 });
  assert.ok(outbox.isEmpty);
  at(MINUTE);
  assert.equal(begun.length, 3);
});

test('started by hand it is looked at now, and then at its turn', () => {
  const { checks, begun, at } = setUp();
  checks.set(machine('web1', { firstCheckInMs: 30_000 }), false);
  at(10_000);
  checks.start('web1');
  assert.equal(checks.waitMs(), 0);
  at(10_000);
  begun[0]?.end(exit(0));
  at(30_000);
  assert.equal(begun.length, 2);
});

test('told everything again, a check that is due sooner stays where it is', () => {
  const { checks, begun, at } = setUp();
  checks.set(machine('web1', { firstCheckInMs: 10_000 }), false);
  at(5_000);
  checks.set(machine('web1', { firstCheckInMs: 50_000 }), true);
  at(10_000);
  assert.equal(begun.length, 1);
  begun[0]?.end(exit(0));
  checks.set(machine('web1', { firstCheckInMs: 2_000 }), true);
  at(12_000);
  assert.equal(begun.length, 2);
});

test('late checks are counted, and machines get their turns in order under the cap', () => {
  const { checks, outbox, begun, at } = setUp(1);
  for (const name of ['a', 'b', 'c']) checks.set(machine(name, { checker: `# ${name}` }), false);
  at(0);
  at(900);
  begun[0]?.end(exit(0));
  at(2_000);
  begun[1]?.end(exit(0));
  assert.deepEqual(
    begun.map(({ what }) => what),
    ['# a', '# b', '# c'],
  );
  assert.equal(outbox.report(2_000).late, 1);
});

test('checkers that hang keep nobody else waiting for long, and too many of them are stopped', () => {
  const { checks, begun, said, at } = setUp(1);
  for (let index = 0; index < 40; index++) checks.set(machine(`hangs${index}`), false);
  for (let second = 0; second <= 200; second++) at(second * 1_000);
  assert.equal(begun.length, 40);
  assert.equal(begun.filter(({ isStopped }) => isStopped).length, 40 - 17);
  assert.equal(said.length, 40 - 17);
});

test("the keep's answer about the end of a time counts, unless something newer was told", () => {
  const { checks, outbox, at } = setUp();
  const asked = (): readonly string[] => {
    const report = outbox.report(0);
    outbox.told(report);
    return report.due;
  };
  checks.set(machine('web1', { checker: '@heartbeat', dueInMs: 1_000 }), false);
  at(1_000);
  assert.deepEqual(asked(), ['web1']);
  checks.takeAnswer({ name: 'web1', inMs: 2_000, wasAsked: true });
  at(2_999);
  assert.deepEqual(asked(), []);
  at(3_000);
  assert.deepEqual(asked(), ['web1']);
  checks.set(machine('web1', { checker: '@heartbeat', dueInMs: 1_000 }), false);
  checks.takeAnswer({ name: 'web1', inMs: undefined, wasAsked: true });
  at(4_000);
  assert.deepEqual(asked(), ['web1'], 'enabled again meanwhile, it is not forgotten');
  checks.takeAnswer({ name: 'web1', inMs: undefined, wasAsked: true });
  assert.equal(checks.size, 0);
});

test('a success that moved the end is taken from the answer; one that did not leads to a question', () => {
  const { checks, outbox, at } = setUp();
  checks.set(machine('web1', { checker: '@heartbeat', dueInMs: 1_000 }), false);
  checks.takeAnswer({ name: 'web1', inMs: 9_000, wasAsked: false });
  at(8_999);
  assert.ok(outbox.isEmpty);
  checks.takeAnswer({ name: 'web1', inMs: undefined, wasAsked: false });
  at(8_999);
  assert.deepEqual(outbox.report(0).due, ['web1']);
});

test('a check that ended like the one before is no news; any other is, and so is one that was asked for', () => {
  const { checks, outbox, begun, at } = setUp();
  checks.set(machine('web1'), false);
  const isNews = (minute: number, code: number): boolean => {
    at(minute * MINUTE);
    begun.at(-1)?.end(exit(code));
    const isUrgent = outbox.isUrgent;
    outbox.told(outbox.report(0));
    return isUrgent;
  };
  const codes = [0, 0, 0, 1, 1, 0, 0];
  assert.deepEqual(
    codes.map((code, minute) => isNews(minute, code)),
    [true, false, false, true, false, true, false],
  );
  checks.set(machine('web1', { firstCheckInMs: 0, dueInMs: 100 * MINUTE }), false);
  assert.equal(isNews(7, 0), false, 'a change of its settings is not');
  checks.start('web1');
  assert.equal(isNews(7, 0), true);
});

test('closed, it begins nothing, and what is ended then is told to nobody', () => {
  const { checks, outbox, begun, at } = setUp(1);
  checks.set(machine('a'), false);
  checks.set(machine('b'), false);
  at(0);
  outbox.told(outbox.report(0));
  checks.close();
  begun[0]?.end({ kind: 'ended', waitStatus: 15 });
  at(MINUTE);
  assert.equal(begun.length, 1);
  assert.ok(outbox.isEmpty);
});
