import assert from 'node:assert/strict';
import test, { mock } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import type { machines } from '@chatelaine/contract';
import { displayWidth } from '../terminal/printable.ts';
import { drawScreen, machineRows, type Picture } from './draw-screen.ts';
import { Fleet } from './fleet.ts';
import { machineView, NOW } from './testing/machine-view.ts';
import { firstView } from './view-state.ts';

const fleetOf = (all: readonly machines.MachineView[]): Fleet => {
  const fleet = new Fleet();
  for (const machine of all) fleet.put(machine);
  return fleet;
};

const picture = (all: readonly machines.MachineView[], more: Partial<Picture> = {}): Picture => ({
  fleet: fleetOf(all),
  order: all.map(({ name }) => name),
  view: firstView,
  pending: [],
  decisionOf: () => undefined,
  log: [],
  connection: { isUp: true, text: '' },
  word: undefined,
  nowUnixMs: NOW,
  terminal: { columns: 100, rows: 24, hasColours: false, isUnicode: true },
  ...more,
});

const linesOf = (drawn: Picture): string[] => drawScreen(drawn).map(stripVTControlCharacters);

const request: machines.PendingRequest = {
  requestId: 'aabbccdd'.repeat(4),
  name: 'web1',
  keyId: 'c0ffee00'.repeat(8),
  address: '192.0.2.7',
  askedAtUnixMs: NOW,
  untilUnixMs: NOW + 61_000,
  releasedAtEnd: false,
  required: 2,
  approvers: ['anna', 'ben', 'cara'],
  approvedBy: ['ben'],
};

test('a machine is one line: state, bar, time, last sign of life, last decision', () => {
  const [, heading, first, second, third] = linesOf(
    picture(
      [
        machineView('web1', { expiresAtUnixMs: NOW + 150_000, lastCheckedOkAtUnixMs: NOW - 150_000 }),
        machineView('web2', { state: 'expired' }),
        machineView('web3', { expiresAtUnixMs: NOW + 900_000 }),
      ],
      {
        decisionOf: (name) =>
          name === 'web2' ? { atUnixMs: NOW - 5_000, decision: 'refused', code: 'expired' } : undefined,
      },
    ),
  );
  assert.match(heading ?? '', /^NAME +STATE +LEFT +ALIVE +LAST DECISION/);
  assert.match(first ?? '', /^web1 +enabled +█████░░░░░ 2m 30s +2m 30s ago +-/);
  assert.match(second ?? '', /^web2 +expired +never +refused expired 5s ago/);
  assert.match(third ?? '', /^web3 +enabled +██████████ 15m/);
});

test('time that is nearly out is still seen, and time that is out is not', () => {
  const [, , first, second] = linesOf(
    picture([machineView('a', { expiresAtUnixMs: NOW + 1_000 }), machineView('b', { expiresAtUnixMs: NOW })], {
      terminal: { columns: 100, rows: 24, hasColours: false, isUnicode: false },
    }),
  );
  assert.match(first ?? '', /#\.{9} 1s/);
  assert.match(second ?? '', /\.{10} 0s/);
});

test('the screen is exactly as large as the terminal, whatever is on it and however small', () => {
  const all = Array.from({ length: 50 }, (_, at) => machineView(`rack/漢字${at}\u001b[2J`));
  const pending = Array.from({ length: 9 }, () => request);
  for (const [columns, rows] of [
    [100, 24],
    [20, 4],
    [1, 1],
    [300, 100],
    [80, 10],
  ] as const) {
    const terminal = { columns, rows, hasColours: true, isUnicode: true };
    const log = [{ atUnixMs: NOW, text: 'x'.repeat(500) }];
    for (const kind of ['list', 'help', 'filter'] as const) {
      const lines = linesOf(picture(all, { terminal, pending, log, view: { ...firstView, mode: { kind } } }));
      assert.equal(lines.length, rows);
      for (const line of lines) assert.equal(displayWidth(line), columns, `${columns}x${rows} ${line}`);
    }
  }
});

test('of ten thousand machines only those are looked at that are on the screen', () => {
  const all = Array.from({ length: 10_000 }, (_, at) => machineView(`m${String(at).padStart(5, '0')}`));
  const drawn = picture(all, { view: { ...firstView, top: 5_000, selected: 'm05003' } });
  const get = mock.method(drawn.fleet, 'get');
  const lines = linesOf(drawn);
  assert.equal(get.mock.callCount(), machineRows(drawn));
  assert.match(lines[2] ?? '', /^m05000/);
});

test('who waits for a person is said, with who has to sign', () => {
  const lines = linesOf(picture([machineView('web1', { pendingRequests: 1 })], { pending: [request] }));
  const at = lines.findIndex((line) => line.startsWith('WAITING FOR A PERSON'));
  assert.match(lines[at + 1] ?? '', /^aabbccdd web1 +from 192\.0\.2\.7 +1m 1s, then refused +1 of 2 \(ben\), still/);
  assert.match(lines[0] ?? '', /1 waiting/);
});

test('who waits for a one-time code is said, and of whom, until one was given', () => {
  const { required, ...unsigned } = request;
  const codeOf = { users: ['anna'], groups: ['ops'] };
  const saidOf = (more: Partial<machines.PendingRequest>): string => {
    const terminal = { columns: 140, rows: 24, hasColours: false, isUnicode: true };
    const lines = linesOf(picture([machineView('web1')], { terminal, pending: [{ ...unsigned, codeOf, ...more }] }));
    return lines[lines.findIndex((line) => line.startsWith('WAITING FOR A PERSON')) + 1] ?? '';
  };
  assert.match(saidOf({}), /then refused +a code of anna or group:ops/);
  assert.match(saidOf({ codeGivenBy: 'anna' }), /any administrator; code given/);
});

test('the selected line is reversed and has no colour of its own', () => {
  const view = { ...firstView, selected: 'b' };
  const terminal = { columns: 100, rows: 24, hasColours: true, isUnicode: true };
  const [, , first = '', second = ''] = drawScreen(picture([machineView('a'), machineView('b')], { view, terminal }));
  assert.ok(first.includes('\u001b[38;5;28m'));
  assert.ok(second.startsWith('\u001b[7m') && !second.includes('\u001b[38'));
});

test('nothing on the screen can command the terminal', () => {
  const evil = machineView('web1', { settings: { ...machineView('web1').settings, host: '\u001b]0;x\u0007' } });
  const drawn = picture([evil], { log: [{ atUnixMs: NOW, text: '\u001b[2J' }], word: '\u001bc' });
  const commands = drawScreen(drawn).flatMap((line) => line.split('\u001b').slice(1));
  assert.ok(commands.length > 0 && commands.every((command) => /^\[[017]m/.test(command)));
});

test('a keep that is not there is said first', () => {
  const [title] = linesOf(picture([], { connection: { isUp: false, text: 'NOT CONNECTED: why' } }));
  assert.match(title ?? '', /^NOT CONNECTED: why/);
});
