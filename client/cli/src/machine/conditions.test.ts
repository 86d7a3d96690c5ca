import assert from 'node:assert/strict';
import test from 'node:test';
import type { machines } from '@chatelaine/contract';
import { conditionsOf } from './conditions.ts';
import { newSettingsOf } from './settings-options.ts';

const anna = { required: 1, approvers: ['anna'] };
const ben = { required: 1, approvers: ['ben'] };
const code = { users: ['anna'], groups: ['ops'] };
const hours = { zone: 'UTC', hours: [{ days: ['mon' as const], from: '08:00', until: '09:00' }] };

const rules: readonly machines.MachineRule[] = [
  { path: '', window: hours },
  { path: 'zurich/rack1', approval: ben },
  { path: 'zurich', approval: anna, oneTimeCode: code, type: 'dbserver' },
];

const of = (name: string, more: Partial<machines.MachineSettings> = {}) =>
  conditionsOf({ name, settings: { ...newSettingsOf(name), ...more } }, rules);

test('the nearest rule that says something goes, each condition for itself', () => {
  const window = { value: hours, from: '' };
  const oneTimeCode = { value: code, from: 'zurich' };
  const type = { value: 'dbserver', from: 'zurich' };
  const placed = { oneTimeCode, window, type };
  assert.deepEqual(of('zurich/rack1/web1'), { approval: { value: ben, from: 'zurich/rack1' }, ...placed });
  assert.deepEqual(of('zurich/rack10/web1'), { approval: { value: anna, from: 'zurich' }, ...placed });
  assert.deepEqual(of('zurich'), { window });
});

test('what a machine says itself wins', () => {
  assert.deepEqual(of('zurich/web1', { approval: ben }).approval, { value: ben });
  assert.deepEqual(of('zurich/web1', { type: 'webserver' }).type, { value: 'webserver' });
});
