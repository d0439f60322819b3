import { collectDefaultMetrics, Counter, Gauge, Registry } from 'prom-client';
import type { Balance } from '../../ports/ledger.ts';
import type { Metrics } from './metrics-text.ts';
import { addLimitGauges } from './limit-gauges.ts';

export interface ProcessMetrics {
  readonly countAlert: (rule: string, outcome: 'raised' | 'delivered' | 'lost') => void;
  read(): Promise<Metrics>;
}

/** What `/metrics` says of the process itself, and of the limits of the ledger. */
export function createProcessMetrics(sources: {
  readonly ready: () => boolean;
  readonly readLimits: () => Promise<readonly Balance[]>;
}): ProcessMetrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const ready = new Gauge({
    name: 'goldenpath_ready',
    help: '1 when the gateway can answer, and every worker of it.',
    aggregator: 'min',
    registers,
  });
  const alerts = new Counter({
    name: 'goldenpath_alerts_total',
    help: 'Alerts by rule: raised, and for each destination delivered or lost.',
    labelNames: ['rule', 'outcome'],
    registers,
  });
  const showLimits = addLimitGauges(registry);
  return {
    countAlert: (rule, outcome) => {
      alerts.inc({ rule, outcome });
      // Prometheus sees no increase in a series that begins at 1.
      alerts.inc({ rule, outcome: 'lost' }, 0);
    },
    read: async () => {
      ready.set(sources.ready() ? 1 : 0);
      showLimits(await sources.readLimits());
      return registry.getMetricsAsJSON();
    },
  };
}
