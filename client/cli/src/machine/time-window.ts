// The hours in which a secret may leave, as people write them: `Mon-Fri 08:00-18:00; Sat 09:00-12:00 Europe/Zurich`. Hours
// over midnight end on the day after; without days they are of every day. The zone is always said.

import { machines } from '@chatelaine/contract';
import { Failure } from '../failure.ts';

const { weekdays } = machines;
type Weekday = (typeof weekdays)[number];
type Hours = machines.TimeWindow['hours'][number];

const HINT = 'Write them like "Mon-Fri 08:00-18:00 Europe/Zurich", several separated by ";".';

const wrong = (what: string): Failure => new Failure('usage', `--window: ${what}.`, HINT);

const dayAt = (index: number): Weekday => weekdays[index % 7] ?? 'mon';

const parseDay = (text: string): number => {
  const at = (weekdays as readonly string[]).indexOf(text.toLowerCase());
  if (at < 0) throw wrong('a day is one of Mon Tue Wed Thu Fri Sat Sun, or two with "-" between');
  return at;
};

const parseDays = (text: string): Weekday[] => {
  const days = text.split(',').flatMap((part) => {
    const [from = '', until = from, ...more] = part.split('-');
    if (more.length > 0) throw wrong('a range of days is two of them with "-" between');
    const first = parseDay(from);
    const count = ((parseDay(until) - first + 7) % 7) + 1;
    return Array.from({ length: count }, (_, step) => dayAt(first + step));
  });
  return weekdays.filter((day) => days.includes(day));
};

const HOURS = /^(\d\d:\d\d)-(\d\d:\d\d)$/;

const splitAtMidnight = (days: Weekday[], from: string, until: string): Hours[] => {
  if (from < until) return [{ days, from, until }];
  const next = weekdays.filter((_, at) => days.includes(dayAt(at + 6)));
  const evening = { days, from, until: '24:00' };
  return until === '00:00' ? [evening] : [evening, { days: next, from: '00:00', until }];
};

const parsePart = (words: readonly string[]): Hours[] => {
  const [first = '', second] = words;
  const days = second === undefined ? [...weekdays] : parseDays(first);
  const [, from = '', until = ''] = HOURS.exec(second ?? first) ?? [];
  if (words.length > 2 || from === '') throw wrong('hours are days, then a time, "-" and a time, such as 08:00-18:00');
  return splitAtMidnight(days, from, until);
};

/** Reads hours. */
export const parseTimeWindow = (text: string): machines.TimeWindow => {
  const parts = text.split(';').map((part) => part.trim().split(/\s+/));
  const last = parts.at(-1) ?? [];
  const zone = HOURS.test(last.at(-1) ?? '') ? undefined : last.pop();
  if (zone === undefined || zone === '') throw wrong('the time zone is missing at the end');
  const window = { zone, hours: parts.flatMap(parsePart) };
  const checked = machines.timeWindowSchema.safeParse(window);
  if (checked.success) return checked.data;
  const issue = checked.error.issues[0];
  throw wrong(issue?.path[0] === 'zone' ? `the time zone ${issue.message}` : (issue?.message ?? 'is wrong'));
};

const titled = (day: Weekday): string => day.replace(/^./, (first) => first.toUpperCase());

const formatDays = (days: readonly Weekday[]): string => {
  const runs: Weekday[][] = [];
  weekdays.forEach((day, at) => {
    if (!days.includes(day)) return;
    if (at > 0 && days.includes(dayAt(at - 1))) runs.at(-1)?.push(day);
    else runs.push([day]);
  });
  return runs
    .map((run) => [run[0], ...(run.length > 1 ? [run.at(-1)] : [])].map((day) => titled(day ?? 'mon')).join('-'))
    .join(',');
};

/** Writes hours so that they can be read again. */
export const formatTimeWindow = ({ zone, hours }: machines.TimeWindow): string =>
  `${hours.map(({ days, from, until }) => `${formatDays(days)} ${from}-${until}`).join('; ')} ${zone}`;
