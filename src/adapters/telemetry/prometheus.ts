import { Counter, Registry } from 'prom-client';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { ClosedRecord } from '../../road/record.ts';
import { Distribution, nameLabels } from './distribution.ts';
import type { Metrics } from './metrics-text.ts';

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const MAX_WORKFLOWS = 200;
const TOKENS = [1, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144];

export interface PrometheusTelemetry extends Telemetry {
  /** All counts so far. */
  read(): Promise<Metrics>;
}

/**
 * `/metrics`: OpenTelemetry's GenAI names in Prometheus' spelling. Labels are tenant, capability and workflow,
 * never the user: a label value for each person would make the store grow without bound.
 */
export function createPrometheusTelemetry(): PrometheusTelemetry {
  const registers = [new Registry()] as [Registry];
  const [registry] = registers;
  const attempts = new Counter({
    name: 'goldenpath_attempts_total',
    help: 'Attempts by outcome and refusal code.',
    labelNames: ['tenant', 'capability', 'workflow', 'outcome', 'refusal'],
    registers,
  });
  const duration = new Distribution({
    name: 'gen_ai_server_request_duration_seconds',
    help: 'Time from arrival to the closed record.',
    labelNames: ['gen_ai_operation_name', 'gen_ai_request_model', 'error_type', 'outcome'],
    buckets: SECONDS,
  });
  const stages = new Counter({
    name: 'goldenpath_stage_seconds_total',
    help: 'Time spent in each stage.',
    labelNames: ['stage'],
    registers,
  });
  const tokens = new Distribution({
    name: 'gen_ai_client_token_usage',
    help: 'Tokens by kind.',
    labelNames: [
      'gen_ai_operation_name',
      'gen_ai_request_model',
      'gen_ai_response_model',
      'gen_ai_token_type',
    ],
    buckets: TOKENS,
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
  const attacks = new Counter({
    name: 'goldenpath_attack_patterns_total',
    help: 'Requests that looked like a known attack, by pattern and what was done.',
    labelNames: ['pattern', 'action'],
    registers,
  });
  const blocked = new Counter({
    name: 'goldenpath_blocked_requests_total',
    help: 'BlockedRequests: requests that a guardrail blocked, by whether the prompt or the answer was.',
    labelNames: ['tenant', 'capability', 'source'],
    registers,
  });
  const jailbreaks = new Counter({
    name: 'goldenpath_jailbreak_attempts_total',
    help: 'JailbreakAttempts: requests in which a guardrail found an attack on the prompt, and what was done.',
    labelNames: ['tenant', 'capability', 'action'],
    registers,
  });
  const attemptSums = new Sums(attempts, ['tenant', 'capability', 'workflow', 'outcome', 'refusal']);
  const stageSums = new Sums(stages, ['stage']);
  const trySums = new Sums(tries, ['route', 'outcome']);
  const attackSums = new Sums(attacks, ['pattern', 'action']);
  const blockedSums = new Sums(blocked, ['tenant', 'capability', 'source']);
  const jailbreakSums = new Sums(jailbreaks, ['tenant', 'capability', 'action']);
  const costSums = new Sums(cost, ['tenant', 'capability', 'route']);

  const workflows = new KnownNames(MAX_WORKFLOWS);

  const observe = (record: ClosedRecord) => {
    const tenant = record.caller?.tenant ?? '';
    // A name that nobody approved is the client's own text, so it is no label.
    const capability = record.feature === undefined ? '' : (record.capability ?? '');
    attemptSums.add(
      1,
      tenant,
      capability,
      workflows.name(record.caller?.workflow),
      record.outcome,
      record.refusal?.code ?? '',
    );
    const seconds = (record.tookUs ?? 0) / 1e6;
    duration.observe(seconds, 'chat', capability, record.refusal?.code ?? '', record.outcome);
    for (const stage in record.stages) stageSums.add((record.stages[stage] ?? 0) / 1e6, stage);
    for (const { route, outcome } of record.tries ?? []) trySums.add(1, route, outcome);
    for (const { pattern, action } of record.attacks ?? []) attackSums.add(1, pattern, action);
    const block = record.guards?.find(({ action }) => action === 'blocked');
    if (block !== undefined) blockedSums.add(1, tenant, capability, block.source.toLowerCase());
    const jailbreak = findJailbreak(record);
    if (jailbreak !== undefined) jailbreakSums.add(1, tenant, capability, jailbreak);
    if (record.usage === undefined) return;
    const { model = '', usage } = record;
    tokens.observe(usage.inputTokens, 'chat', capability, model, 'input');
    tokens.observe(usage.outputTokens, 'chat', capability, model, 'output');
    costSums.add(record.costMicroUsd ?? 0, tenant, capability, record.route ?? '');
  };
  return {
    closed: observe,
    read: async () => {
      for (const sums of [attemptSums, stageSums, trySums, attackSums, blockedSums, jailbreakSums, costSums])
        sums.flush();
      return [...(await registry.getMetricsAsJSON()), duration.read(), tokens.read()];
    },
    stop: async () => registry.clear(),
  };
}

/** Bedrock's name of the filter is also the embedded engine's. */
function findJailbreak({ guards }: ClosedRecord): 'blocked' | 'detected' | undefined {
  const attacked = guards?.filter(
    ({ source, findings }) =>
      source === 'INPUT' &&
      findings.some(({ policy, name }) => policy === 'content' && name === 'PROMPT_ATTACK'),
  );
  if (attacked === undefined || attacked.length === 0) return undefined;
  return attacked.some(({ action }) => action === 'blocked') ? 'blocked' : 'detected';
}

/** Adds up what a counter gets between two scrapes: prom-client sorts and joins the labels at every increment. */
class Sums<Label extends string> {
  readonly #counter: Counter<Label>;
  readonly #labels: readonly Label[];
  readonly #sums = new Map<string, { readonly values: readonly string[]; sum: number }>();

  constructor(counter: Counter<Label>, labels: readonly Label[]) {
    this.#counter = counter;
    this.#labels = labels;
  }

  add(amount: number, ...values: readonly string[]): void {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\0');
    const known = this.#sums.get(key);
    if (known === undefined) this.#sums.set(key, { values, sum: amount });
    else known.sum += amount;
  }

  flush(): void {
    for (const { values, sum } of this.#sums.values()) {
      this.#counter.inc(nameLabels(this.#labels, values), sum);
    }
    this.#sums.clear();
  }
}

/** Names that tokens bring are a label up to a number of them; what comes after that is `other`. */
class KnownNames {
  readonly #max: number;
  readonly #names = new Set<string>();

  constructor(max: number) {
    this.#max = max;
  }

  name(name: string | undefined): string {
    if (name === undefined || this.#names.has(name)) return name ?? '';
    if (this.#names.size >= this.#max) return 'other';
    this.#names.add(name);
    return name;
  }
}
