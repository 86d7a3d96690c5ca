import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machines } from '@chatelaine/contract';
import { settings, startKeep } from '../../testing/start-keep.ts';
import { effectiveRule } from './effective-rule.ts';
import { windowAt } from './time-window.ts';

const never: machines.TimeWindow = { zone: 'UTC', hours: [{ days: ['mon'], from: '03:00', until: '03:01' }] };
const always: machines.TimeWindow = {
  zone: 'UTC',
  hours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '00:00', until: '24:00' }],
};

test('the nearest rule above a machine goes, each condition for itself, and its own settings before any', () => {
  const approval = { required: 1, approvers: ['ada'] };
  const oneTimeCode = { users: ['ada'], groups: [] };
  const rules = [
    { path: '', window: never },
    { path: 'zurich', approval, oneTimeCode, type: 'webserver' },
    { path: 'zurich/rack1', window: always, oneTimeCode: { users: [], groups: ['ops'] } },
  ];
  const of = (name: string, own = settings) => effectiveRule(rules, name, own);
  const ops = { users: [], groups: ['ops'] };
  const type = 'webserver';
  assert.deepEqual(of('zurich/rack1/web1'), { approval, window: always, oneTimeCode: ops, type });
  assert.deepEqual(of('zurich/rack10/web1'), { approval, window: never, oneTimeCode, type });
  const outside = { approval: undefined, window: never, oneTimeCode: undefined, type: undefined };
  assert.deepEqual(of('basel/web1'), outside);
  assert.deepEqual(of('zurich'), outside, 'below, not at');
  assert.deepEqual(of('basel/web1', { ...settings, window: always }).window, always);
  assert.deepEqual(of('zurich/rack1/web1', { ...settings, oneTimeCode }).oneTimeCode, oneTimeCode);
  assert.equal(of('zurich/web1', { ...settings, type: 'dbserver' }).type, 'dbserver');
});

test('a window is open from its first minute to before its last, in its own zone, summer and winter', () => {
  const office: machines.TimeWindow = {
    zone: 'Europe/Zurich',
    hours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', until: '18:00' }],
  };
  const cases: readonly (readonly [string, boolean])[] = [
    ['2027-01-15T06:59:59Z', false],
    ['2027-01-15T07:00:00Z', true],
    ['2027-01-15T16:59:59Z', true],
    ['2027-01-15T17:00:00Z', false],
    ['2027-07-15T05:59:59Z', false],
    ['2027-07-15T06:00:00Z', true],
    ['2027-01-16T10:00:00Z', false],
  ];
  for (const [moment, isOpen] of cases) assert.equal(windowAt(office, Date.parse(moment)), isOpen, moment);
  assert.ok(windowAt(always, Date.parse('2027-01-15T23:59:59.999Z')));
});

test('outside its hours a machine gets nothing, and a rule taken away lets it', async () => {
  await using started = await startKeep();
  await started.unseal();
  const pair = await started.enroll('zurich/web1');
  assert.equal((await started.admin.call(machines.setRule, { path: 'zurich', window: never })).kind, 'ok');
  const refused = await started.fetch(pair);
  assert.equal(refused.kind === 'refused' && refused.code, 'outside-window');
  await started.admin.call(machines.removeRule, { path: 'zurich' });
  assert.equal((await started.fetch(pair)).kind, 'ok');
});

test('a rule that says nothing, or goes against itself, is refused with the field', async () => {
  await using started = await startKeep();
  await started.unseal();
  const wrong: readonly (readonly [machines.MachineRule, string])[] = [
    [{ path: '' }, 'approval'],
    [{ path: '/', window: always }, 'path'],
    [{ path: '', approval: { required: 2, approvers: ['ada'] } }, 'approval'],
    [{ path: '', approval: { required: 1, approvers: ['ada', 'ada'] } }, 'approval'],
    [{ path: '', window: { ...always, zone: 'Mars/Olympus' } }, 'window.zone'],
    [{ path: '', oneTimeCode: { users: [], groups: [] } }, 'oneTimeCode'],
    [{ path: '', oneTimeCode: { users: ['ada', 'ada'], groups: [] } }, 'oneTimeCode'],
    [{ path: '', oneTimeCode: { users: ['ada'], groups: [] } }, 'oneTimeCode'],
  ];
  for (const [rule, field] of wrong) {
    const answer = await started.admin.call(machines.setRule, rule);
    assert.deepEqual(answer.kind === 'refused' && [answer.code, answer.field], ['invalid-input', field], field);
  }
});
