import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { ClosedRecord } from '../../road/record.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const TOKENS = [1, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144];

export interface PrometheusTelemetry extends Telemetry {
  render(): Promise<{ contentType: string; body: string }>;
}

/**
 * `/metrics`: OpenTelemetry's GenAI names in Prometheus' spelling. Labels are tenant, capability and workflow,
 * never the user: a label value for each person would make the store grow without bound.
 */
export function createPrometheusTelemetry(gauges: { readonly ready: () => boolean }): PrometheusTelemetry {
  const registers = [new Registry()] as [Registry];
  const [registry] = registers;
  collectDefaultMetrics({ register: registry });
  const attempts = new Counter({
    name: 'goldenpath_attempts_total',
    help: 'Attempts by outcome and refusal code.',
    labelNames: ['tenant', 'capability', 'workflow', 'outcome', 'refusal'],
    registers,
  });
  const duration = new Histogram({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'Time from arrival to the closed record.',
    labelNames: ['gen_ai_operation_name', 'gen_ai_request_model', 'error_type', 'outcome'],
    buckets: SECONDS,
    registers,
  });
  const stages = new Counter({
    name: 'goldenpath_stage_seconds_total',
    help: 'Time spent in each stage.',
    labelNames: ['stage'],
    registers,
  });
  const tokens = new Histogram({
    name: 'gen_ai_client_token_usage',
    help: 'Tokens by kind.',
    labelNames: [
      'gen_ai_operation_name',
      'gen_ai_request_model',
      'gen_ai_response_model',
      'gen_ai_token_type',
    ],
    buckets: TOKENS,
    registers,
  });
  const cost = new Counter({
    name: 'goldenpath_cost_micro_usd_total',
    help: 'Cost in millionths of a US dollar.',
    labelNames: ['tenant', 'capability', 'route'],
    registers,
  });
  const tries = new Counter({
    name: 'goldenpath_route_tries_total',
    help: 'Tries of routes by how they went.',
    labelNames: ['route', 'outcome'],
    registers,
  });
  const ready = new Gauge({ name: 'goldenpath_ready', help: '1 when the gateway can answer.', registers });

  const observe = (record: ClosedRecord) => {
    const tenant = record.caller?.tenant ?? '';
    // A name that nobody approved is the client's own text, so it is no label.
    const capability = record.feature === undefined ? '' : (record.capability ?? '');
    attempts.inc({
      tenant,
      capability,
      workflow: record.caller?.workflow ?? '',
      outcome: record.outcome,
      refusal: record.refusal?.code ?? '',
    });
    duration.observe(
      {
        gen_ai_operation_name: 'chat',
        gen_ai_request_model: capability,
        error_type: record.refusal?.code ?? '',
        outcome: record.outcome,
      },
      (record.tookUs ?? 0) / 1e6,
    );
    for (const stage in record.stages) stages.inc({ stage }, (record.stages[stage] ?? 0) / 1e6);
    for (const attempt of record.tries ?? []) tries.inc({ route: attempt.route, outcome: attempt.outcome });
    if (record.usage === undefined) return;
    const models = {
      gen_ai_operation_name: 'chat',
      gen_ai_request_model: capability,
      gen_ai_response_model: record.model ?? '',
    };
    tokens.observe({ ...models, gen_ai_token_type: 'input' }, record.usage.inputTokens);
    tokens.observe({ ...models, gen_ai_token_type: 'output' }, record.usage.outputTokens);
    cost.inc({ tenant, capability, route: record.route ?? '' }, record.costMicroUsd ?? 0);
  };
  return {
    closed: observe,
    render: async () => {
      ready.set(gauges.ready() ? 1 : 0);
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
    stop: async () => registry.clear(),
  };
}
