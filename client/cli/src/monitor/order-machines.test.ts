import assert from 'node:assert/strict';
import test from 'node:test';
import { type Ordering, orderMachines } from './order-machines.ts';
import { machineView, NOW } from './testing/machine-view.ts';

const all = [
  machineView('web/c', { expiresAtUnixMs: NOW + 10, lastCheckedOkAtUnixMs: NOW - 10 }),
  machineView('web/a', { expiresAtUnixMs: NOW + 30, lastCheckedOkAtUnixMs: NOW - 30 }),
  machineView('db/b', { state: 'expired', expiresAtUnixMs: NOW - 50 }),
  machineView('web/d', { lastCheckerStatus: 1, expiresAtUnixMs: NOW + 20, lastCheckedOkAtUnixMs: NOW - 20 }),
];

const order = (change: Partial<Ordering>): string =>
  orderMachines(all, { sortBy: 'name', isReversed: false, filter: '', state: undefined, ...change })
    .map((name) => name.at(-1))
    .join('');

test('machines are sorted by what was asked, and by name where that is the same', () => {
  assert.equal(order({}), 'bacd');
  assert.equal(order({ isReversed: true }), 'dcab');
  assert.equal(order({ sortBy: 'state' }), 'bdac');
  assert.equal(order({ sortBy: 'time left' }), 'cdab');
  assert.equal(order({ sortBy: 'alive' }), 'badc');
});

test('machines are found by a part of their name, host or key id, whatever its case', () => {
  assert.equal(order({ filter: 'WEB' }), 'acd');
  assert.equal(order({ filter: Buffer.from('db/b').toString('hex') }), 'b');
  assert.equal(order({ filter: 'nowhere' }), '');
});

test('only those of one state are shown; the enabled ones include the silent', () => {
  assert.equal(order({ state: 'silent' }), 'd');
  assert.equal(order({ state: 'enabled' }), 'acd');
  assert.equal(order({ state: 'expired', filter: 'db' }), 'b');
});
