// Durations as Mandos reads them: RFC 3339 appendix A with 52 weeks to a year and 4 weeks to a month, or the older
// list of `<number><unit>` with spaces between. Anything else is not a duration.

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;

type Units = readonly (readonly [letter: string, ms: number])[];

const WEEKS: Units = [['W', WEEK]];
const DATE: Units = [
  ['Y', 52 * WEEK],
  ['M', 4 * WEEK],
  ['D', DAY],
];
const TIME: Units = [
  ['H', HOUR],
  ['M', MINUTE],
  ['S', SECOND],
];
const OLD: Readonly<Record<string, number>> = { s: SECOND, m: MINUTE, h: HOUR, d: DAY, w: WEEK };

const counted = (ms: number): number | undefined => (Number.isSafeInteger(ms) ? ms : undefined);

/** At least one number, each with the unit that comes right after the one before: `1H2M`, but not `1H2S`. */
const parseAdjacent = (text: string, units: Units): number | undefined => {
  if (!/^(?:\d+[A-Z])+$/.test(text)) return undefined;
  let ms = 0;
  let previous: number | undefined;
  for (const [, count, letter] of text.matchAll(/(\d+)([A-Z])/g)) {
    const at = units.findIndex(([unit]) => unit === letter);
    const unit = units[at];
    if (unit === undefined || (previous !== undefined && at !== previous + 1)) return undefined;
    ms += Number(count) * unit[1];
    previous = at;
  }
  return ms;
};

const parseRfc3339 = (text: string): number | undefined => {
  if (!text.startsWith('P')) return undefined;
  const [date = '', time, ...more] = text.slice(1).split('T');
  if (more.length > 0) return undefined;
  if (time === undefined) return parseAdjacent(date, WEEKS) ?? parseAdjacent(date, DATE);
  if (date !== '' && !date.endsWith('D')) return undefined;
  const dateMs = date === '' ? 0 : parseAdjacent(date, DATE);
  const timeMs = parseAdjacent(time, TIME);
  return dateMs === undefined || timeMs === undefined ? undefined : dateMs + timeMs;
};

const parseOld = (text: string): number | undefined => {
  let ms = 0;
  for (const word of text.split(/[ \t\n]+/)) {
    if (word === '') continue;
    const match = /^(\d+)([smhdw])$/.exec(word);
    const unitMs = OLD[match?.[2] ?? ''];
    if (match === null || unitMs === undefined) return undefined;
    ms += Number(match[1]) * unitMs;
  }
  return ms;
};

/** Milliseconds; the empty text is 0. `undefined` if it is not a duration or is longer than can be counted exactly. */
export const parseDuration = (text: string): number | undefined => {
  const ms = parseRfc3339(text) ?? parseOld(text);
  return ms === undefined ? undefined : counted(ms);
};
