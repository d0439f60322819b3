import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { parse } from 'yaml';
import { z } from 'zod';
import { formatMetrics } from '../src/adapters/telemetry/metrics-text.ts';
import { createProcessMetrics } from '../src/adapters/telemetry/process-metrics.ts';
import { createPrometheusTelemetry } from '../src/adapters/telemetry/prometheus.ts';
import { compileSource } from '../src/governance/compile.ts';
import { readSource } from '../src/governance/source.ts';
import type { ClosedRecord } from '../src/road/record.ts';
import { REFUSALS } from '../src/road/refusal.ts';
import { describeRuleSchema } from '../src/road/rule-facts.ts';

const read = (path: string) => readFileSync(new URL(`../docs/operations/${path}`, import.meta.url), 'utf8');

/** A record that makes a sample of every metric. */
const RECORD: ClosedRecord = {
  kind: 'closed',
  requestId: 'r',
  startedAtMs: 0,
  closedAtMs: 1,
  dialect: 'openai.chat',
  caller: { tenant: 'acme', subject: 's', issuer: 'i', kind: 'user', groups: [], workflow: 'w' },
  capability: 'c',
  feature: 'f',
  outcome: 'blocked',
  refusal: { code: 'guardrail.input_blocked' },
  route: 'r',
  model: 'm',
  usage: { inputTokens: 1, outputTokens: 1, source: 'provider' },
  costMicroUsd: 1,
  tries: [{ route: 'r', outcome: 'answered', tookUs: 1 }],
  attacks: [{ pattern: 'p', action: 'counted' }],
  guards: [
    {
      engine: 'embedded',
      id: 'g',
      version: '1',
      source: 'INPUT',
      action: 'blocked',
      findings: [{ policy: 'content', name: 'PROMPT_ATTACK', action: 'BLOCKED', count: 1 }],
    },
  ],
  stages: { edge: 1 },
  tookUs: 1,
};

/** What `/metrics` exports: the labels of every series, by its name. */
async function exportedSeries(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const closed = createPrometheusTelemetry();
  closed.closed(RECORD);
  const limit = { kind: 'total', window: '2026-11', limit: 10, settled: 1, reserved: 1 } as const;
  const own = createProcessMetrics({
    ready: () => true,
    readLimits: async () => [
      { ...limit, scope: 'budget-day/tenant/acme' },
      { ...limit, scope: 'quota/tenant/acme' },
    ],
  });
  own.countAlert('Rule', 'lost');
  const series = new Map<string, Set<string>>();
  for (const line of (await formatMetrics([...(await closed.read()), ...(await own.read())])).split('\n')) {
    const [, name, labels = ''] = /^([a-z_][a-z0-9_]*)(?:\{(.*)\})? /i.exec(line) ?? [];
    if (name === undefined) continue;
    const names = series.get(name) ?? new Set();
    for (const [, label = ''] of labels.matchAll(/([a-z_]+)="/g)) names.add(label);
    series.set(name, names);
  }
  return series;
}

const series = await exportedSeries();

const WORDS = new Set(['by', 'without', 'on', 'ignoring', 'and', 'or', 'unless', 'bool', 'offset']);

/** Holds that all that an expression speaks of exists: series, labels, refusal codes and outcomes. */
function assertExists(expression: string): void {
  const grouped = [...expression.matchAll(/\b(?:by|without)\s*\(([^)]*)\)/g)].flatMap(([, list = '']) =>
    list.split(',').map((label) => label.trim()),
  );
  const bare = expression
    .replace(/\b(by|without)\s*\([^)]*\)/g, '')
    .replace(/\{[^}]*\}/g, (selector) => selector.replace(/[^{}]/g, ' '))
    .replace(/\[[^\]]*\]/g, '');
  const used: string[] = [];
  for (const { 0: name, index } of bare.matchAll(/[a-z_][a-z0-9_:]*/gi)) {
    const isFunction = /^\s*\(/.test(bare.slice(index + name.length));
    if (isFunction || WORDS.has(name) || /^e\d*$/.test(name)) continue;
    assert.ok(series.has(name), `${name} is exported, for ${expression}`);
    used.push(name);
  }
  assert.ok(used.length > 0, `${expression} speaks of a metric`);
  for (const [, name = '', selector = ''] of expression.matchAll(/([a-z_][a-z0-9_]*)\{([^}]*)\}/gi)) {
    for (const [, label = '', value = ''] of selector.matchAll(/([a-z_]+)\s*(?:=~|!~|!=|=)\s*"([^"]*)"/g)) {
      assert.ok(series.get(name)?.has(label), `${name} has the label ${label}`);
      if (label === 'refusal' && value !== '') assert.ok(Object.hasOwn(REFUSALS, value), value);
    }
  }
  for (const label of grouped)
    assert.ok(
      used.some((name) => series.get(name)?.has(label)),
      `${label} is a label in ${expression}`,
    );
}

test('an expression about what does not exist is found', () => {
  assertExists('sum by (tenant) (rate(goldenpath_attempts_total{outcome="failed"}[5m])) > 1e6');
  for (const wrong of [
    'rate(goldenpath_attempt_total[5m])',
    'sum by (user) (rate(goldenpath_attempts_total[5m]))',
    'goldenpath_attempts_total{subject="maya"}',
    'goldenpath_attempts_total{refusal="audit.away"}',
  ])
    assert.throws(() => assertExists(wrong), assert.AssertionError, wrong);
});

test('every expression of the Prometheus rules is about what is exported', () => {
  const file = z.strictObject({
    groups: z.array(
      z.strictObject({
        name: z.string(),
        rules: z.array(
          z.strictObject({
            alert: z.string().regex(/^[A-Z]\w+$/),
            expr: z.string(),
            for: z.string().optional(),
            labels: z.strictObject({ severity: z.enum(['critical', 'error', 'warning']) }),
            annotations: z.strictObject({ summary: z.string().min(10) }),
          }),
        ),
      }),
    ),
  });
  const rules = file.parse(parse(read('prometheus-alerts.yaml'))).groups.flatMap((group) => group.rules);
  assert.ok(rules.length > 10);
  for (const { expr, annotations } of rules) {
    assertExists(expr);
    for (const [, label = ''] of annotations.summary.matchAll(/\$labels\.(\w+)/g))
      assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`), `${label} survives ${expr}`);
  }
});

describe('the Grafana dashboard', () => {
  const dashboard = z
    .object({
      panels: z.array(
        z.object({
          id: z.number(),
          type: z.string(),
          title: z.string(),
          gridPos: z.object({ h: z.number(), w: z.number(), x: z.number(), y: z.number() }),
          targets: z.array(z.object({ expr: z.string(), legendFormat: z.string() })).optional(),
        }),
      ),
      templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.unknown() })) }),
    })
    .parse(JSON.parse(read('grafana-dashboard.json')));
  const targets = dashboard.panels.flatMap((panel) => panel.targets ?? []);

  test('shows only what is exported', () => {
    assert.ok(targets.length > 15);
    const variables = new Set(dashboard.templating.list.map(({ name }) => name));
    for (const { expr, legendFormat } of targets) {
      assertExists(expr);
      for (const [, name = ''] of expr.matchAll(/\$(\w+)/g))
        assert.ok(name.startsWith('__') || variables.has(name), `the variable ${name}`);
      for (const [, label = ''] of legendFormat.matchAll(/\{\{(\w+)\}\}/g))
        assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`), `${label} survives ${expr}`);
    }
  });

  test('shows everything that the gateway itself counts', () => {
    const shown = targets.map(({ expr }) => expr).join('\n');
    const own = [...series.keys()].filter((name) => /^(goldenpath|gen_ai)_/.test(name));
    const families = new Set(own.map((name) => name.replace(/_(bucket|sum|count)$/, '')));
    const missing = [...families].filter((name) => !shown.includes(name));
    // Two amounts whose difference is shown.
    assert.deepEqual(missing.toSorted(), [
      'goldenpath_budget_reserved_micro_usd',
      'goldenpath_budget_used_micro_usd',
    ]);
  });

  test('has no panel over another, and each id once', () => {
    const cells = dashboard.panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => `${x + (index % w)}/${y + Math.floor(index / w)}`),
    );
    assert.equal(new Set(cells).size, cells.length);
    assert.equal(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length);
  });
});

test('the page on alerts shows rules that can be used, and every fact', async () => {
  const page = read('alerts.md');
  const [alerts = '', rule = ''] = [...page.matchAll(/```yaml\n([^]*?)```/g)].map(([, text = '']) => text);
  const example = await readSource(new URL('../examples/support-desk', import.meta.url).pathname);
  const files = new Map(example.files);
  files.set('goldenpath.yaml', `${files.get('goldenpath.yaml')}${alerts}`);
  files.set('rules/payment-workflow-denied.yaml', rule);
  const { governance, problems } = compileSource({ ...example, files });
  assert.deepEqual(problems, []);
  assert.equal(governance?.alerts.rules[0]?.name, 'PaymentWorkflowDenied');
  const facts = [...describeRuleSchema().matchAll(/(\w+): (?:String|Long|Set)/g)].map(
    ([, name = '']) => name,
  );
  assert.ok(facts.length > 20);
  for (const fact of facts) assert.ok(page.includes(`\`${fact}\``), `the page names ${fact}`);
});
