import assert from 'node:assert/strict';
import test from 'node:test';
import { parseDuration } from './duration.ts';

const SECOND = 1_000;
const DAY = 86_400 * SECOND;

const durations: readonly (readonly [text: string, ms: number])[] = [
  ['P1Y2M3DT4H5M6S', 36_561_906 * SECOND],
  ['PT5M', 300 * SECOND],
  ['PT0S', 0],
  ['P0D', 0],
  ['P1W', 7 * DAY],
  ['P1Y', 364 * DAY],
  ['P1M', 28 * DAY],
  ['P1Y1M', 392 * DAY],
  ['P1Y1M1D', 393 * DAY],
  ['P1M2D', 30 * DAY],
  ['P1DT1S', DAY + SECOND],
  ['P1M1DT1M', 29 * DAY + 60 * SECOND],
  ['PT1H2M3S', 3_723 * SECOND],
  ['PT90M', 5_400 * SECOND],
  ['P060D', 60 * DAY],
  ['', 0],
  ['5m 30s', 330 * SECOND],
  ['1w 2d', 9 * DAY],
  ['1h\t1h', 7_200 * SECOND],
  ['60s', 60 * SECOND],
];

const others: readonly string[] = [
  'P',
  'PT',
  'P1DT',
  'PT1H30S',
  'P1Y3D',
  'P1MT5S',
  'P1YT5S',
  'P1WT5S',
  'P1W1D',
  'P1D1M',
  'PT5S5M',
  'P1.5D',
  'P-1D',
  'pt5m',
  'PT5m',
  'P5',
  'PT5M ',
  'P1DT1HT1M',
  '1w2d',
  '5',
  'm',
  '5 m',
  '-5m',
  '5M',
  '5y',
  '1.5h',
  `P${'9'.repeat(400)}D`,
  '99999999999999w',
];

test('a duration means what it means to Mandos', () => {
  for (const [text, ms] of durations) assert.equal(parseDuration(text), ms, JSON.stringify(text));
});

test('what is not a duration is not guessed at', () => {
  for (const text of others) assert.equal(parseDuration(text), undefined, JSON.stringify(text.slice(0, 40)));
});

test('a long digit string is read in linear time', () => {
  assert.equal(parseDuration(`P${'1'.repeat(200_000)}`), undefined);
  assert.equal(parseDuration('1'.repeat(200_000)), undefined);
  assert.equal(parseDuration(' '.repeat(200_000)), 0);
});
