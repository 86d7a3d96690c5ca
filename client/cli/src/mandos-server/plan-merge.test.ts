import assert from 'node:assert/strict';
import test from 'node:test';
import type { machines } from '@chatelaine/contract';
import { type Configured, configuredMachine } from './configured.ts';
import { type MergePlan, planMerge } from './plan-merge.ts';

type Machine = machines.NewMachine;

const machine = (name: string, more: Partial<Machine> = {}, host = ''): Machine => ({
  name,
  keyId: Buffer.from(name.padEnd(32, name)).toString('hex').slice(0, 64),
  secret: Buffer.from(name),
  enabled: true,
  ...more,
  settings: {
    host,
    checker: 'true',
    timeoutMs: 1,
    extendedTimeoutMs: 2,
    intervalMs: 3,
    approvalDelayMs: 0,
    approvalDurationMs: 5,
    approvedByDefault: true,
    compat: 'mandos',
  },
});

const view = (name: string, state: machines.MachineView['state'] = 'enabled'): machines.MachineView => ({
  name,
  enabled: state !== 'disabled',
  state,
  createdAtUnixMs: 0,
  secretSetAtUnixMs: 0,
  secretSizeBytes: 1,
  lastCheckerStatus: -2,
  checkerRunning: false,
  pendingRequests: 0,
  settings: machine(name).settings,
});

const configured = (...all: readonly Machine[]): Configured =>
  new Map(all.map((one) => [one.name, configuredMachine(one)]));

interface Given {
  readonly file: readonly Machine[];
  readonly wrong?: readonly string[];
  readonly before: Configured | undefined;
  readonly kept: readonly machines.MachineView[];
}

const plan = ({ file, wrong = [], before, kept }: Given): Promise<MergePlan> =>
  planMerge({
    stanzas: { machines: file, wrong: new Set(wrong) },
    before,
    kept: new Map(kept.map((one) => [one.name, one])),
    nowUnixMs: 0,
  });

const shown = ({ remove, disable, enroll, change, stayAway }: MergePlan) => ({
  remove,
  disable,
  enroll: enroll.map(({ name, enabled }) => [name, enabled]),
  change: change.map(({ machine: { name }, changed }) => [name, ...changed]),
  stayAway,
});
const nothing = { remove: [], disable: [], enroll: [], change: [], stayAway: [] };

const [a, b] = [machine('a'), machine('b')];

test('a file that is as it was changes nothing, whatever was changed while the server ran', async () => {
  const done = await plan({
    file: [a, b],
    before: configured(a, b),
    kept: [view('a', 'disabled'), view('b', 'expired')],
  });
  assert.deepEqual(shown(done), nothing);
});

test('only what was changed in the file is changed', async () => {
  const file = [machine('a', { secret: Buffer.from('new') }, 'moved')];
  const done = await plan({ file, before: configured(a), kept: [view('a')] });
  assert.deepEqual(shown(done), { ...nothing, change: [['a', 'host', 'secret']] });
});

test('"enabled" in the file enables a machine only when that was changed', async () => {
  const off = machine('a', { enabled: false });
  const kept = [view('a', 'disabled')];
  assert.deepEqual(shown(await plan({ file: [a], before: configured(a), kept })), nothing);
  assert.deepEqual(shown(await plan({ file: [a], before: configured(off), kept })).change, [['a', 'enabled']]);
});

test('what is gone from the file is dropped, what was removed stays removed, and nobody else is touched', async () => {
  const done = await plan({ file: [b], before: configured(a, b), kept: [view('a'), view('enrolled-otherwise')] });
  assert.deepEqual(shown(done), { ...nothing, remove: ['a'], stayAway: ['b'] });
  assert.deepEqual([...done.configured.keys()], ['b']);
  assert.deepEqual(shown(await plan({ file: [b], before: done.configured, kept: [] })).stayAway, ['b']);
});

test('a start that was broken off is done again to the same end', async () => {
  const given = { file: [a, b], before: configured(), kept: [] };
  assert.deepEqual(shown(await plan(given)).enroll, [
    ['a', true],
    ['b', true],
  ]);
  // The first one was enrolled, and then disabled by somebody; what the file said is not on record yet.
  const again = await plan({ ...given, kept: [view('a', 'disabled')] });
  assert.deepEqual(shown(again).enroll, [
    ['a', false],
    ['b', true],
  ]);
});

test('a wrong stanza cuts its machine off until it is mended', async () => {
  const done = await plan({ file: [b], wrong: ['a'], before: configured(a, b), kept: [view('a'), view('b')] });
  assert.deepEqual(shown(done), { ...nothing, disable: ['a'] });
  const kept = [view('a', 'disabled'), view('b')];
  const still = await plan({ file: [b], wrong: ['a'], before: done.configured, kept });
  assert.deepEqual(shown(still), nothing);
  const mended = await plan({ file: [a, b], before: still.configured, kept });
  assert.deepEqual(shown(mended).change, [['a', 'enabled']]);
});

test('a machine that was cut off before its stanza became wrong stays so when it is mended', async () => {
  for (const state of ['disabled', 'expired'] as const) {
    const done = await plan({ file: [], wrong: ['a'], before: configured(a), kept: [view('a', state)] });
    assert.deepEqual(shown(done), nothing);
    assert.deepEqual(shown(await plan({ file: [a], before: done.configured, kept: [view('a', state)] })), nothing);
  }
});

test('a wrong stanza that is new, or of a machine that was removed, enrols nothing', async () => {
  const done = await plan({ file: [], wrong: ['a', 'new'], before: configured(a), kept: [] });
  assert.deepEqual(shown(done), nothing);
  assert.deepEqual(shown(await plan({ file: [a], before: done.configured, kept: [] })).stayAway, ['a']);
});

test('without what was kept, the file alone counts', async () => {
  const done = await plan({ file: [a], wrong: ['b'], before: undefined, kept: [view('a', 'disabled'), view('b')] });
  assert.deepEqual(shown(done), { ...nothing, remove: ['b'], enroll: [['a', true]] });
});
