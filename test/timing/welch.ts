// Whether two series of times come from the same source: Welch's t-test on samples that were taken in turns. The largest times are
// cut off, since what interrupts a process says nothing about it; both sides lose the same share.

/** Of one side; grows with each sample in constant memory. */
class Moments {
  count = 0;
  mean = 0;
  #squares = 0;

  add(value: number): void {
    this.count++;
    const difference = value - this.mean;
    this.mean += difference / this.count;
    this.#squares += difference * (value - this.mean);
  }

  get variance(): number {
    return this.#squares / (this.count - 1);
  }
}

/** Welch's t. Beyond 4.5 either way it is taken for a difference by those who certify devices (ISO/IEC 17825). */
export const welchT = (first: readonly number[], second: readonly number[]): number => {
  const [a, b] = [new Moments(), new Moments()];
  for (const value of first) a.add(value);
  for (const value of second) b.add(value);
  const spread = Math.sqrt(a.variance / a.count + b.variance / b.count);
  return spread === 0 ? 0 : (a.mean - b.mean) / spread;
};

/** The samples without those beyond a quantile of both together. */
export const cutTails = (
  first: readonly number[],
  second: readonly number[],
  kept: number,
): readonly [readonly number[], readonly number[]] => {
  const all = [...first, ...second].sort((one, other) => one - other);
  const most = all[Math.floor((all.length - 1) * kept)] ?? Number.POSITIVE_INFINITY;
  return [first.filter((value) => value <= most), second.filter((value) => value <= most)];
};
