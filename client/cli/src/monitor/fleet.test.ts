import assert from 'node:assert/strict';
import test from 'node:test';
import { Fleet } from './fleet.ts';
import { machineView } from './testing/machine-view.ts';

const names = (fleet: Fleet): string[] => [...fleet.all()].map(({ name }) => name);

test('the first listing is seen as it grows', () => {
  const fleet = new Fleet();
  fleet.beginListing();
  fleet.addPage([machineView('a'), machineView('b', { state: 'disabled' })]);
  assert.deepEqual(names(fleet), ['a', 'b']);
  fleet.addPage([machineView('c', { state: 'expired' })]);
  fleet.endListing();
  assert.deepEqual(fleet.counts, { all: 3, enabled: 1, disabled: 1, expired: 1 });
});

test('what is told while it lists is newer than a page', () => {
  for (const isFirst of [true, false]) {
    const fleet = new Fleet();
    if (!isFirst) fleet.put(machineView('before'));
    fleet.beginListing();
    fleet.put(machineView('a', { state: 'expired' }));
    fleet.remove('b');
    fleet.addPage([machineView('a'), machineView('b'), machineView('c')]);
    fleet.endListing();
    assert.equal(fleet.get('a')?.state, 'expired');
    assert.equal(fleet.get('b'), undefined);
    assert.deepEqual(fleet.counts, { all: 2, enabled: 1, disabled: 0, expired: 1 });
  }
});

test('a later listing replaces everything at its end, and shows what was until then', () => {
  const fleet = new Fleet();
  for (const name of ['gone', 'stays']) fleet.put(machineView(name));
  fleet.beginListing();
  fleet.addPage([machineView('stays'), machineView('new')]);
  assert.deepEqual(names(fleet), ['gone', 'stays']);
  fleet.endListing();
  assert.deepEqual(names(fleet), ['stays', 'new']);
});

test('every change is another revision, and the counts follow', () => {
  const fleet = new Fleet();
  const revisions = new Set([fleet.revision]);
  fleet.put(machineView('a'));
  revisions.add(fleet.revision);
  fleet.put(machineView('a', { state: 'disabled' }));
  revisions.add(fleet.revision);
  assert.deepEqual(fleet.counts, { all: 1, enabled: 0, disabled: 1, expired: 0 });
  fleet.remove('a');
  fleet.remove('a');
  revisions.add(fleet.revision);
  assert.equal(revisions.size, 4);
  assert.deepEqual(fleet.counts, { all: 0, enabled: 0, disabled: 0, expired: 0 });
});
