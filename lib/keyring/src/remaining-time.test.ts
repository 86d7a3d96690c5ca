import assert from 'node:assert/strict';
import test from 'node:test';
import * as keyctl from './keyctl.ts';
import { findRemainingTime, remainingTime } from './remaining-time.ts';
import { joinOwnSession } from './testing/own-session.ts';

const session = joinOwnSession();

const line = (id: string, time: string): string =>
  `${id} I--Q---     1 ${time.padStart(4)} 3f010000  1000  1000 user      service:user: 6\n`;

test('the time of a key is what the kernel shows, cut down to one unit', () => {
  const text = Buffer.from(
    line('0000002a', 'perm') + line('0000002b', '59s') + line('0000002c', '2h') + line('0000002d', '1w'),
  );
  assert.deepEqual(findRemainingTime(text, 42), { kind: 'for-ever' });
  assert.deepEqual(findRemainingTime(text, 43), { kind: 'limited', atLeast: 59, atMost: 59 });
  assert.deepEqual(findRemainingTime(text, 44), { kind: 'limited', atLeast: 7_200, atMost: 10_799 });
  assert.deepEqual(findRemainingTime(text, 45), { kind: 'limited', atLeast: 604_800, atMost: 1_209_599 });
  assert.equal(findRemainingTime(text, 46), undefined);
});

test('a description that forges a line cannot make a key live longer', () => {
  const forged = line('0000002a', '9w');
  const text = Buffer.from(`${forged}${line('0000002a', '10s')}${forged}${line('0000002a', 'perm')}`);
  assert.deepEqual(findRemainingTime(text, 42), { kind: 'limited', atLeast: 10, atMost: 10 });
});

test('the kernel is asked', () => {
  const id = keyctl.addKey('user', 'timed', Buffer.of(1), session.id);
  assert.deepEqual(remainingTime(id), { kind: 'for-ever' });
  keyctl.setTimeout(id, 7_000);
  assert.deepEqual(remainingTime(id), { kind: 'limited', atLeast: 3_600, atMost: 7_199 });
});
