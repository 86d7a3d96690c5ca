// Moments and spans as people read them. The zone is always written, so that nobody has to guess it.

const two = (value: number): string => String(value).padStart(2, '0');

/** `2026-11-25 14:03:07 +01:00`, in the zone of the terminal. */
export const formatMoment = (atUnixMs: number): string => {
  const at = new Date(atUnixMs);
  const offset = -at.getTimezoneOffset();
  const zone = `${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())} ${zone}`;
};

const units: readonly (readonly [letter: string, ms: number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
  ['ms', 1],
];

/** `1h 30m`; `0s` for nothing. */
export const formatSpan = (spanMs: number): string => {
  let rest = spanMs;
  const parts: string[] = [];
  for (const [letter, ms] of units) {
    if (rest >= ms) parts.push(`${Math.floor(rest / ms)}${letter}`);
    rest %= ms;
  }
  return parts.join(' ') || '0s';
};

/** The two largest units of a span, `2d 3h` or `4m 58s`, for what need not be exact; below a second `0s`. */
export const formatRoughSpan = (spanMs: number): string => {
  const exact = formatSpan(Math.floor(Math.max(0, spanMs) / 1_000) * 1_000).split(' ');
  return exact.slice(0, 2).join(' ');
};

/** `1.5 MB` */
export const formatSize = (bytes: number): string => {
  if (bytes < 1_000) return `${bytes} B`;
  const exponent = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  const scaled = bytes / 1_000 ** exponent;
  return `${scaled.toFixed(scaled < 10 ? 1 : 0)} ${['B', 'kB', 'MB', 'GB', 'TB'][exponent]}`;
};
