// Writes durations as Mandos reads them. RFC 3339, appendix A

const units: readonly (readonly [letter: string, seconds: number])[] = [
  ['H', 3_600],
  ['M', 60],
  ['S', 1],
];

/** `P1DT2H`, `PT5M`; whole seconds, what is below is dropped. Units stand next to each other, as Mandos demands. */
export const formatDuration = (ms: number): string => {
  let seconds = Math.floor(ms / 1_000);
  if (seconds > 0 && seconds % 604_800 === 0) return `P${seconds / 604_800}W`;
  const days = Math.floor(seconds / 86_400);
  seconds %= 86_400;
  const counts = units.map(([, size], at) =>
    Math.floor((at === 0 ? seconds : seconds % (units[at - 1]?.[1] ?? 1)) / size),
  );
  const first = counts.findIndex((count) => count > 0);
  const last = counts.findLastIndex((count) => count > 0);
  const time = counts.slice(Math.max(first, 0), last + 1).map((count, at) => `${count}${units[first + at]?.[0]}`);
  if (days > 0) return `P${days}D${time.length > 0 ? `T${time.join('')}` : ''}`;
  return time.length > 0 ? `PT${time.join('')}` : 'PT0S';
};
