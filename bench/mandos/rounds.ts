// Interleaved rounds: every contestant is measured once in each round, in turn, so that whatever else the machine does
// falls on all of them alike; the median of the rounds is what counts.

/** The middle one, or the mean of the two in the middle. NaN of nothing. */
export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((one, other) => one - other);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  return upper === undefined || lower === undefined ? Number.NaN : (upper + lower) / 2;
};

/** Measures each contestant `rounds` times, in turn. */
export const interleave = async <Name extends string, Measured>(
  rounds: number,
  contestants: Readonly<Record<Name, () => Promise<Measured>>>,
): Promise<Record<Name, readonly Measured[]>> => {
  const names = Object.keys(contestants) as Name[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Measured[]])) as Record<Name, Measured[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) results[name].push(await contestants[name]());
  }
  return results;
};
