import type { MetricType, MetricValueWithName } from 'prom-client';
import type { Metrics } from './metrics-text.ts';

/** What was observed under the same labels. */
interface Observed {
  readonly labels: readonly string[];
  /** How often a value fell under each bound and above the one before; the last are above all bounds. */
  readonly counts: Float64Array;
  sum: number;
}

/**
 * A histogram, read in prom-client's own shape. That package's looks at the labels' names, sorts and joins them at every
 * observation, and there are three of them for each record.
 */
export class Distribution<Label extends string> {
  readonly #name: string;
  readonly #help: string;
  readonly #labelNames: readonly Label[];
  readonly #bounds: readonly number[];
  readonly #observed = new Map<string, Observed>();

  /** `buckets` are upper bounds, ascending, in the unit of what is observed. */
  constructor(options: {
    name: string;
    help: string;
    labelNames: readonly Label[];
    buckets: readonly number[];
  }) {
    this.#name = options.name;
    this.#help = options.help;
    this.#labelNames = options.labelNames;
    this.#bounds = options.buckets;
  }

  /** Observes a value; the labels' values stand in the order of their names. Throws where it is no number. */
  observe(value: number, ...labels: readonly string[]): void {
    if (!Number.isFinite(value)) throw new TypeError(`${this.#name} takes finite numbers alone`);
    const key = labels.join('\0');
    let observed = this.#observed.get(key);
    if (observed === undefined) {
      observed = { labels, counts: new Float64Array(this.#bounds.length + 1), sum: 0 };
      this.#observed.set(key, observed);
    }
    let bucket = 0;
    while (bucket < this.#bounds.length && value > (this.#bounds[bucket] ?? 0)) bucket += 1;
    observed.counts[bucket] = (observed.counts[bucket] ?? 0) + 1;
    observed.sum += value;
  }

  /** All that was observed so far. */
  read(): Metrics[number] {
    return {
      name: this.#name,
      help: this.#help,
      type: 'histogram' as unknown as MetricType, // an enumeration that has no values where it runs
      aggregator: 'sum',
      values: [...this.#observed.values()].flatMap((observed) => this.#write(observed)),
    };
  }

  #write({ labels, counts, sum }: Observed): MetricValueWithName<string>[] {
    const named = nameLabels(this.#labelNames, labels);
    let count = 0;
    const buckets = [...this.#bounds, '+Inf'].map((le, index) => {
      count += counts[index] ?? 0;
      return { metricName: `${this.#name}_bucket`, labels: { le, ...named }, value: count };
    });
    return [
      ...buckets,
      { metricName: `${this.#name}_sum`, labels: named, value: sum },
      { metricName: `${this.#name}_count`, labels: named, value: count },
    ];
  }
}

/** Labels as prom-client takes them, of values in the order of their names. */
export function nameLabels<Label extends string>(
  names: readonly Label[],
  values: readonly string[],
): Partial<Record<Label, string>> {
  const labels: Partial<Record<Label, string>> = {};
  names.forEach((name, index) => (labels[name] = values[index] ?? ''));
  return labels;
}
