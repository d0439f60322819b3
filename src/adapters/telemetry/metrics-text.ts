import { AggregatorRegistry, Registry, type MetricObjectWithValues, type MetricValue } from 'prom-client';

/** The metrics of one thread as plain data, which can travel between threads and processes. */
export type Metrics = readonly Omit<MetricObjectWithValues<MetricValue<string>>, 'collect'>[];

export const METRICS_CONTENT_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** One process's metrics in Prometheus' text format. */
export function formatMetrics(metrics: Metrics): Promise<string> {
  const registry = new Registry();
  for (const metric of metrics) registry.registerMetric(wrap(metric));
  return registry.metrics();
}

/** The metrics of several processes as those of one: counted together, or as each metric wants it. */
export function joinMetrics(processes: readonly Metrics[]): Promise<string> {
  return AggregatorRegistry.aggregate([...processes]).metrics();
}

/** All that a registry asks of a metric is its values. */
function wrap(metric: Metrics[number]): Parameters<Registry['registerMetric']>[0] {
  return { ...metric, get: () => Promise.resolve(metric) } as unknown as ReturnType<typeof wrap>; // as prom-client's own aggregation makes them
}
