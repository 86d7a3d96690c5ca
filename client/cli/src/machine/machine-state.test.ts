import assert from 'node:assert/strict';
import test from 'node:test';
import type { machines } from '@chatelaine/contract';
import { formatAgo, formatCheckerStatus, formatTimeLeft, isInState, stateOf } from './machine-state.ts';
import { machineStates } from './machine-states.ts';
import { newSettingsOf } from './settings-options.ts';

const NOW = 1_800_000_000_000;

const machine = (more: Partial<machines.MachineView> = {}): machines.MachineView => ({
  name: 'web1',
  keyId: 'c0ffee00'.repeat(8),
  enabled: true,
  state: 'enabled',
  createdAtUnixMs: NOW,
  secretSetAtUnixMs: NOW,
  secretSizeBytes: 5,
  expiresAtUnixMs: NOW + 298_500,
  lastCheckerStatus: 0,
  checkerRunning: false,
  pendingRequests: 0,
  settings: newSettingsOf('web1'),
  ...more,
});

const withoutKey = (): machines.MachineView => {
  const { keyId: _, ...rest } = machine();
  return rest;
};

test('a machine has one state, the most pressing one', () => {
  assert.equal(stateOf(machine()), 'enabled');
  assert.equal(stateOf(machine({ lastCheckerStatus: -2 })), 'enabled');
  assert.equal(stateOf(machine({ lastCheckerStatus: 1 })), 'silent');
  assert.equal(stateOf(machine({ lastCheckerStatus: -1 })), 'silent');
  assert.equal(stateOf(machine({ lastCheckerStatus: 1, pendingRequests: 1 })), 'waiting');
  assert.equal(stateOf(machine({ state: 'expired', lastCheckerStatus: 1 })), 'expired');
  assert.equal(stateOf(machine({ state: 'disabled', enabled: false })), 'disabled');
  assert.equal(stateOf(withoutKey()), 'legacy');
});

test('who asks for the enabled ones gets also those that wait or are silent, and no others', () => {
  const statesIn = (view: machines.MachineView) => machineStates.filter((state) => isInState(view, state));
  assert.deepEqual(statesIn(machine({ lastCheckerStatus: 1 })), ['silent', 'enabled']);
  assert.deepEqual(statesIn(machine({ pendingRequests: 2 })), ['waiting', 'enabled']);
  assert.deepEqual(statesIn(machine({ state: 'expired' })), ['expired']);
  assert.deepEqual(statesIn(withoutKey()), ['legacy']);
});

test('time is said only where it runs', () => {
  assert.equal(formatTimeLeft(machine(), NOW), '4m 58s');
  assert.equal(formatTimeLeft(machine({ expiresAtUnixMs: NOW - 1 }), NOW), '0s');
  assert.equal(formatTimeLeft(machine({ state: 'expired' }), NOW), '-');
  assert.equal(formatAgo(undefined, NOW), 'never');
  assert.equal(formatAgo(NOW - 61_000, NOW), '1m 1s ago');
});

test('the end of a check is said in words', () => {
  assert.equal(formatCheckerStatus(-2), 'none yet');
  assert.equal(formatCheckerStatus(0), 'it is alive');
  assert.equal(formatCheckerStatus(-1), 'the checker was ended by a signal');
  assert.equal(formatCheckerStatus(127), 'the checker ended with 127');
});
