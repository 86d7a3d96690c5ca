import assert from 'node:assert/strict';
import test from 'node:test';
import { machines } from '@chatelaine/contract';
import fc from 'fast-check';
import { Failure } from '../failure.ts';
import { formatTimeWindow, parseTimeWindow } from './time-window.ts';

const { weekdays } = machines;

test('days and hours are read as people write them', () => {
  assert.deepEqual(parseTimeWindow('Mon-Fri 08:00-18:00 Europe/Zurich'), {
    zone: 'Europe/Zurich',
    hours: [{ days: ['mon', 'tue', 'wed', 'thu', 'fri'], from: '08:00', until: '18:00' }],
  });
  assert.deepEqual(parseTimeWindow('sat,MON 09:00-12:00;  00:00-24:00  UTC'), {
    zone: 'UTC',
    hours: [
      { days: ['mon', 'sat'], from: '09:00', until: '12:00' },
      { days: [...weekdays], from: '00:00', until: '24:00' },
    ],
  });
});

test('a night belongs to the day it began on', () => {
  assert.deepEqual(parseTimeWindow('Sun,Mon 22:00-06:00 UTC').hours, [
    { days: ['mon', 'sun'], from: '22:00', until: '24:00' },
    { days: ['mon', 'tue'], from: '00:00', until: '06:00' },
  ]);
  assert.deepEqual(parseTimeWindow('Sat-Mon 22:00-00:00 UTC').hours, [
    { days: ['mon', 'sat', 'sun'], from: '22:00', until: '24:00' },
  ]);
});

test('what is wrong is said', () => {
  const said = (text: string): string => {
    try {
      return JSON.stringify(parseTimeWindow(text));
    } catch (error) {
      assert.ok(error instanceof Failure);
      return error.message;
    }
  };
  assert.equal(said('Mon-Fri 08:00-18:00'), '--window: the time zone is missing at the end.');
  assert.match(said('Mon 08:00-18:00 Europe/Nowhere'), /time zone must be an IANA time zone/);
  assert.match(said('Mon 08:00-25:00 UTC'), /must be HH:MM, up to 24:00/);
  assert.match(said('Noday 08:00-18:00 UTC'), /a day is one of/);
  assert.match(said('Mon-Tue-Wed 08:00-18:00 UTC'), /a range of days is/);
  assert.match(said('Mon Tue 08:00-18:00 UTC'), /hours are days/);
  assert.match(said('Mon 8-18 UTC'), /hours are days/);
  assert.match(said('UTC'), /hours are days/);
  assert.match(said(''), /the time zone is missing/);
});

test('hours that are written are read back the same', () => {
  const time = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'));
  const hours = fc
    .record({ days: fc.subarray([...weekdays], { minLength: 1 }), from: time, until: time }, { noNullPrototype: true })
    .filter(({ from, until }) => from < until);
  fc.assert(
    fc.property(
      fc.array(hours, { minLength: 1, maxLength: 16 }),
      fc.constantFrom('UTC', 'Europe/Zurich'),
      (all, zone) => {
        const window = { zone, hours: all };
        assert.deepEqual(parseTimeWindow(formatTimeWindow(window)), window);
      },
    ),
  );
});
