import assert from 'node:assert/strict';
import test from 'node:test';
import { firstView, type Pressed, pressKey, type Surroundings, selectedIndex, type ViewState } from './view-state.ts';

const order = Array.from({ length: 100 }, (_, at) => `m${String(at).padStart(2, '0')}`);

const around: Surroundings = {
  order,
  rows: 10,
  requestOf: (name) => (name === 'm07' ? { requestId: 'ab'.repeat(16), address: '192.0.2.7' } : undefined),
  waiting: new Set(['m07', 'm50']),
};

/** Presses one key after the other; gives the last answer. */
const press = (keys: readonly string[], view: ViewState = firstView): Pressed =>
  keys.reduce<Pressed>((last, key) => pressKey(last.view, key, around), { view });

const selected = (keys: readonly string[]): number => selectedIndex(press(keys).view, order);

test('the selected machine is always on the screen', () => {
  for (const keys of [
    ['end'],
    ['end', 'up'],
    ['page-down', 'page-down', 'k'],
    ['G', 'home'],
    ['down', 'up', 'up'],
    [' '],
  ]) {
    const { view } = press(keys);
    const at = selectedIndex(view, order);
    assert.ok(at >= view.top && at < view.top + around.rows, keys.join());
  }
  assert.equal(selected(['end', 'end', 'down']), 99);
  assert.equal(selected(['up']), 0);
});

test('Tab goes from one that waits to the next, and around', () => {
  assert.equal(selected(['tab']), 7);
  assert.equal(selected(['tab', 'tab']), 50);
  assert.equal(selected(['tab', 'tab', 'tab']), 7);
});

test('a change is asked about once more, and only yes does it', () => {
  for (const [key, kind] of [
    ['e', 'enable'],
    ['x', 'disable'],
    ['v', 'vouch'],
  ] as const) {
    const asked = press([key]);
    assert.equal(asked.command, undefined);
    assert.equal(asked.view.mode.kind, 'ask');
    assert.deepEqual(press([key, 'y']).command, { kind, name: 'm00' });
    for (const other of ['n', 'enter', 'escape', 'x']) {
      const { command, view } = press([key, other]);
      assert.equal(command, undefined);
      assert.equal(view.mode.kind, 'list');
    }
  }
  assert.deepEqual(press(['down', 'c']).command, { kind: 'check', name: 'm01' });
});

test('a decision is about the request that waits, and there is none without one', () => {
  const { view } = press(['tab', 'a']);
  assert.equal(view.mode.kind === 'ask' && view.mode.question, 'Approve the request of m07 from 192.0.2.7?');
  assert.deepEqual(press(['tab', 'd', 'y']).command, {
    ...{ kind: 'decide', name: 'm07', requestId: 'ab'.repeat(16), approve: false },
  });
  assert.match(press(['a']).word ?? '', /m00 does not wait/);
});

test('what is typed after / is looked for, and keys that mean something elsewhere are text there', () => {
  const { view, ends } = press(['/', 'q', 'x', 'ü', 'backspace', 'a']);
  assert.equal(ends, undefined);
  assert.equal(view.ordering.filter, 'qxa');
  assert.equal(press(['enter'], view).view.mode.kind, 'list');
  assert.equal(press(['escape'], view).view.ordering.filter, '');
  assert.equal(press(['enter', 'escape'], view).view.ordering.filter, '');
});

test('the order is another at every s, the other way round at r, and one state only at f', () => {
  assert.equal(press(['s']).view.ordering.sortBy, 'state');
  assert.equal(press(['s', 's', 's', 's']).view.ordering.sortBy, 'name');
  assert.equal(press(['r']).view.ordering.isReversed, true);
  assert.equal(press(['f', 'f']).view.ordering.state, 'expired');
});

test('q and Ctrl-C end it; Ctrl-C from everywhere', () => {
  assert.equal(press(['q']).ends, true);
  for (const before of [[], ['/'], ['?'], ['e']]) assert.equal(press([...before, 'interrupt']).ends, true);
  assert.equal(press(['?', 'q']).ends, undefined);
});

test('without machines no key does harm', () => {
  const empty = { ...around, order: [], waiting: new Set<string>() };
  for (const key of ['up', 'down', 'end', 'page-down', 'tab', 'a', 'd', 'e', 'x', 'c', 'v', 's', 'enter']) {
    assert.equal(pressKey(firstView, key, empty).command, undefined);
  }
});
