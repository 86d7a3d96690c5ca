import assert from 'node:assert/strict';
import { test } from 'node:test';
import { machineView } from '../testing/machine-view.ts';
import { MachineMirror } from './machine-mirror.ts';

const namesOf = (mirror: MachineMirror): readonly string[] => mirror.all().map(({ name }) => name);

test('machines stand in the order they were made, those of one moment by name', () => {
  const mirror = new MachineMirror();
  mirror.replace([
    machineView('late', { createdAtUnixMs: 3 }),
    machineView('b', { createdAtUnixMs: 2 }),
    machineView('a', { createdAtUnixMs: 2 }),
  ]);
  mirror.put(machineView('early', { createdAtUnixMs: 1 }));
  assert.deepEqual(namesOf(mirror), ['early', 'a', 'b', 'late']);
});

test('a path stays with its machine when another that wanted it goes', () => {
  const mirror = new MachineMirror();
  mirror.put(machineView('a.b'));
  mirror.put(machineView('a-b'));
  const path = mirror.named('a-b')?.path ?? '';
  assert.equal(mirror.named('a.b')?.path, '/clients/a_b');
  mirror.remove('a.b');
  assert.equal(mirror.at('/clients/a_b'), undefined);
  mirror.put(machineView('a-b', { checkerRunning: true }));
  assert.equal(mirror.at(path)?.view.checkerRunning, true);
});

test('a whole list tells what is gone, what is new and what was there', () => {
  const mirror = new MachineMirror();
  mirror.replace([machineView('gone'), machineView('stays')]);
  const { removed, put } = mirror.replace([machineView('stays', { state: 'expired' }), machineView('new')]);
  assert.deepEqual(
    removed.map(({ name }) => name),
    ['gone'],
  );
  assert.deepEqual(
    put.map(({ kind, machine }) => [kind, machine.name]),
    [
      ['added', 'new'],
      ['changed', 'stays'],
    ],
  );
});
