import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { machines } from '@chatelaine/contract';
import { noticeOf, Repetitions } from './notice.ts';

const AT = 1_800_000_000_000;
const refused: machines.MachineEvent = { kind: 'refused', name: 'web1', code: 'expired', address: '192.0.2.7' };

test('a notice says what happened to which machine, when and from where', () => {
  const notice = noticeOf(refused, AT);
  assert.deepEqual(notice, {
    kind: 'refused',
    machine: 'web1',
    at: '2027-01-15T08:00:00.000Z',
    text: 'web1 asked for its secret from 192.0.2.7 and was refused: expired.',
    address: '192.0.2.7',
    code: 'expired',
  });
});

test('what is no news for people is no notice', () => {
  const quiet: readonly machines.MachineEvent[] = [
    { kind: 'listening' },
    { kind: 'removed', name: 'web1' },
    { kind: 'unknown-key', keyId: '0'.repeat(64), address: '192.0.2.7' },
    { kind: 'check-started', name: 'web1', command: 'true' },
  ];
  for (const event of quiet) assert.equal(noticeOf(event, AT), undefined, event.kind);
});

test('a thief who knocks again and again is told of once a minute, and another machine or reason at once', () => {
  const repetitions = new Repetitions();
  const isNew = (event: machines.MachineEvent, atUnixMs: number): boolean => {
    const notice = noticeOf(event, atUnixMs);
    assert.ok(notice);
    return repetitions.isNew(notice, atUnixMs);
  };
  assert.ok(isNew(refused, AT));
  for (let second = 1; second < 60; second++) assert.ok(!isNew(refused, AT + second * 1_000));
  assert.ok(isNew({ ...refused, name: 'web2' }, AT + 1_000));
  assert.ok(isNew({ ...refused, code: 'disabled' }, AT + 1_000));
  assert.ok(isNew(refused, AT + 60_000));
});
