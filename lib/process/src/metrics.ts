// Counters of one run, in the Prometheus text exposition format, version 0.0.4. Names and label values are our own words,
// never input.

type Labels = Readonly<Record<string, string>>;

interface Family {
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly values: Map<string, number>;
}

const labelText = (labels: Labels): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value.replace(/[\\"\n]/g, '_')}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
};

const add = (values: Map<string, number>, key: string, by: number): void => {
  values.set(key, (values.get(key) ?? 0) + by);
};

export class Metrics {
  readonly #families = new Map<string, Family>();
  readonly #gauges = new Map<string, () => number>();
  readonly #histograms = new Map<string, Histogram>();

  /** Counts `by` more. */
  count(name: string, help: string, labels: Labels = {}, by = 1): void {
    add(this.#family(name, help, 'counter').values, labelText(labels), by);
  }

  /** Declares a value that is read when somebody asks. */
  gauge(name: string, help: string, read: () => number): void {
    this.#family(name, help, 'gauge');
    this.#gauges.set(name, read);
  }

  /** Declares a distribution; returns what notes one value. `bounds` are upper bounds, ascending. */
  histogram(name: string, help: string, bounds: readonly number[]): (value: number) => void {
    this.#family(name, help, 'histogram');
    const histogram = new Histogram(bounds);
    this.#histograms.set(name, histogram);
    return (value) => histogram.note(value);
  }

  /** Everything, as text. */
  text(): string {
    const lines: string[] = [];
    for (const [name, { help, type, values }] of this.#families) {
      lines.push(`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`);
      const read = this.#gauges.get(name);
      if (read !== undefined) lines.push(`${name} ${read()}`);
      lines.push(...(this.#histograms.get(name)?.lines(name) ?? []));
      for (const [labels, value] of values) lines.push(`${name}${labels} ${value}`);
    }
    return `${lines.join('\n')}\n`;
  }

  #family(name: string, help: string, type: Family['type']): Family {
    const known = this.#families.get(name);
    if (known !== undefined) return known;
    const family: Family = { help, type, values: new Map() };
    this.#families.set(name, family);
    return family;
  }
}

class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = Array(bounds.length + 1).fill(0);
  }

  note(value: number): void {
    const at = this.#bounds.findIndex((bound) => value <= bound);
    const index = at < 0 ? this.#bounds.length : at;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  lines(name: string): readonly string[] {
    let total = 0;
    const buckets = [...this.#bounds, '+Inf'].map((bound, index) => {
      total += this.#counts[index] ?? 0;
      return `${name}_bucket{le="${bound}"} ${total}`;
    });
    return [...buckets, `${name}_sum ${this.#sum}`, `${name}_count ${total}`];
  }
}
