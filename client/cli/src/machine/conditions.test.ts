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
  { path: 'zurich', approval: anna, oneTimeCode: code },
];

const of = (name: string, more: Partial<machines.MachineSettings> = {}) =>
  conditionsOf({ name, settings: { ...newSettingsOf(name), ...more } }, rules);

test('the nearest rule that says something goes, each condition for itself', () => {
  const window = { value: hours, from: '' };
  const oneTimeCode = { value: code, from: 'zurich' };
  assert.deepEqual(of('zurich/rack1/web1'), { approval: { value: ben, from: 'zurich/rack1' }, oneTimeCode, window });
  assert.deepEqual(of('zurich/rack10/web1'), { approval: { value: anna, from: 'zurich' }, oneTimeCode, window });
  assert.deepEqual(of('zurich'), { window });
});

test('what a machine says itself wins', () => {
  assert.deepEqual(of('zurich/web1', { approval: ben }).approval, { value: ben });
});
