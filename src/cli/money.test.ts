import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import * as path from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import { makeClosed, makeIntent, makeStateDir, testClock } from '../adapters/audit-log/testing.ts';
import { openLocalLedger } from '../adapters/ledger/local.ts';
import type { Intent } from '../road/record.ts';
import { formatUsd, writeCsv } from './money.ts';

const MAIN = path.join(import.meta.dirname, '..', 'main.ts');
const NOVEMBER_MS = Date.UTC(2026, 10, 30, 23, 59);
const DECEMBER_MS = Date.UTC(2026, 11, 1, 0, 1);

function run(...args: string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, NO_COLOR: '1', COLUMNS: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, ...args], { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const of = (tenant: string, subject: string, workflow?: string): Pick<Intent, 'caller'> => ({
  caller: {
    tenant,
    subject,
    issuer: 'https://issuer.example',
    kind: 'user',
    groups: [],
    ...(workflow !== undefined && { workflow }),
  },
});

async function makeState(): Promise<string> {
  const stateDir = makeStateDir();
  const log = await openLocalAuditLog({ stateDir, clock: testClock });
  const close = async (id: string, story: Partial<Intent>, costMicroUsd: number) => {
    const intent = makeIntent(id, { feature: 'help-center', ...story });
    await log.open(intent);
    await log.close(makeClosed(intent, { costMicroUsd, guardMicroUsd: 1 }));
  };
  await close('r1', { ...of('acme', 'maya', 'intake'), startedAtMs: NOVEMBER_MS }, 1_000_000);
  await close('r2', { ...of('acme', 'noor'), startedAtMs: NOVEMBER_MS, route: '=us,"x"' }, 2_500_000);
  await close('r3', { ...of('globex', 'gil'), startedAtMs: DECEMBER_MS }, 42);
  await log.open(makeIntent('open', { ...of('globex', 'maya'), startedAtMs: DECEMBER_MS }));
  await log.stop();
  return stateDir;
}

describe('goldenpath cost', () => {
  let stateDir: string;
  before(async () => {
    stateDir = await makeState();
  });
  after(() => rmSync(stateDir, { recursive: true }));
  const cost = (...args: string[]) => run('cost', '--state', stateDir, ...args);

  test('sums by tenant, the dearest first, and all together', () => {
    const lines = cost()
      .stdout.split('\n')
      .map((line) => line.trim().split(/\s{2,}/));
    assert.deepEqual(lines.slice(0, 4), [
      ['tenant', 'requests', 'tokens in', 'tokens out', 'guardrails', 'cost'],
      ['acme', '2', '24', '68', '$0.000002', '$3.50'],
      ['globex', '2', '12', '34', '$0.000001', '$0.000042'],
      ['all', '4', '36', '102', '$0.000003', '$3.50'],
    ]);
  });

  for (const [by, expected] of [
    ['user', ['acme/noor 2500000', 'acme/maya 1000000', 'globex/gil 42', 'globex/maya 0']],
    ['capability', ['support-assistant 3500042']],
    ['feature', ['help-center 3500042', '- 0']],
    ['workflow', ['- 2500042', 'intake 1000000']],
    ['route', ['=us,"x" 2500000', 'eu-sonnet 1000042']],
    ['day', ['2026-11-30 3500000', '2026-12-01 42']],
  ] as const) {
    test(`sums by ${by}`, () => {
      const { costs } = JSON.parse(cost('--by', by, '--format', 'json').stdout);
      const shown = costs.map(
        ({ key = '-', costMicroUsd }: { key?: string; costMicroUsd: number }) => `${key} ${costMicroUsd}`,
      );
      assert.deepEqual(shown, expected);
    });
  }

  test('a time and a tenant narrow it', () => {
    const { total } = JSON.parse(cost('--since', '2026-12-01', '--format', 'json').stdout);
    assert.equal(total.costMicroUsd, 42);
    const one = JSON.parse(cost('--tenant', 'acme', '--until', '2026-12-01', '--format', 'json').stdout);
    assert.equal(one.total.requests, 2);
  });

  test('CSV has whole micro-dollars, and no cell that a spreadsheet would run', () => {
    assert.deepEqual(cost('--by', 'route', '--format', 'csv').stdout.split('\r\n').slice(0, 3), [
      'route,requests,input_tokens,output_tokens,guard_micro_usd,cost_micro_usd',
      `"'=us,""x""",1,12,34,1,2500000`,
      'eu-sonnet,3,24,68,2,1000042',
    ]);
  });

  test('what it does not know is refused', () => {
    assert.equal(cost('--by', 'colour').status, 2);
    assert.match(run('cost', '--state', `${stateDir}/nowhere`).stderr, /there is no audit log/);
  });

  test('reconciles budgets with the records of their window, and says where they differ', async () => {
    const ledger = openLocalLedger({ stateDir });
    const book = async (scope: string, window: string, amount: number) => {
      const rule = { kind: 'total', limit: 1e9, window, endsAtMs: undefined } as const;
      const id = `${scope} ${window}`;
      await ledger.reserve({ id, nowMs: 1, expiresAtMs: 2, charges: [{ scope, rule, amount }] });
      await ledger.settle({ id, nowMs: 1, actual: [] });
    };
    await book('budget-month/tenant/acme', '2026-11', 3_500_000);
    await book('budget-day/tenant/globex', '2026-12-01', 42);
    await book('budget-month/workflow/intake', '2026-11', 1_000_000);
    await book('budget-month/gateway', '2026-12', 42);
    await ledger.stop();
    const agreed = cost('--reconcile');
    assert.equal(agreed.status, 0, agreed.stdout);
    const again = openLocalLedger({ stateDir });
    const rule = { kind: 'total', limit: 1e9, window: '2026-11', endsAtMs: undefined } as const;
    const charges = [{ scope: 'budget-month/capability/support-assistant', rule, amount: 7 }];
    await again.reserve({ id: 'x', nowMs: 1, expiresAtMs: 2, charges });
    await again.settle({ id: 'x', nowMs: 1, actual: [] });
    await again.stop();
    const { status, stdout, stderr } = cost('--reconcile', '--format', 'csv');
    assert.equal(status, 1);
    assert.match(stdout, /^budget-month\/capability\/support-assistant,2026-11,3500000,7,3499993,0\r$/m);
    assert.match(stderr, /records and ledger differ/);
  });
});

describe('goldenpath estimate', () => {
  const HAIKU = ['--price', 'claude-haiku-4-5@1', '--guardrail-price', 'bedrock-guardrails@1'];
  const example = path.join(import.meta.dirname, '../../examples/support-desk');
  const estimate = (...args: string[]) =>
    run('estimate', example, '--capability', 'support-assistant', ...HAIKU, ...args);

  test('says what each component costs in a month, whole in micro-dollars', () => {
    const { months } = JSON.parse(
      estimate(
        '--requests-per-day',
        '1200',
        '--input-tokens',
        '1000',
        '--output-tokens',
        '100',
        '--format',
        'json',
      ).stdout,
    );
    const [{ lines, microUsd }] = months;
    const of = (name: string) =>
      lines.find(({ component }: { component: string }) => component === name)?.microUsd;
    // 1,200 a day are 36,500 a month.
    assert.equal(of('model, input'), 36_500_000);
    assert.equal(of('model, output'), 36_500 * 500);
    assert.equal(of('guardrail, sensitiveInformation'), 36_500 * (4 + 1) * 100);
    assert.equal(of('WAF, web ACL'), 5_000_000);
    assert.equal(of('API Gateway, REST'), (36_500 * 3_500_000) / 1e6);
    assert.equal(
      microUsd,
      lines.reduce((sum: number, line: { microUsd: number }) => sum + line.microUsd, 0),
    );
    assert.ok(lines.every((line: { microUsd: number }) => Number.isSafeInteger(line.microUsd)));
  });

  test('puts the three tiers side by side', () => {
    const [heading = '', ...rows] = estimate('--tiers').stdout.split('\n');
    assert.match(heading, /100 a day +1000 a day +10000 a day/);
    assert.ok(rows.some((row) => /^all +\$/.test(row)));
    assert.match(rows.join('\n'), /us-east-1 as of 2026-11-20/);
  });

  test('fits a terminal of 80 columns, and says why a guardrail costs nothing', () => {
    const table = run('estimate', example, '--tiers', '--capability', 'support-assistant').stdout;
    assert.deepEqual(
      table.split('\n').filter((line) => line.length > 80),
      [],
    );
    assert.match(table, /support-baseline@1 costs nothing here: see --guardrail-price/);
    assert.doesNotMatch(estimate('--tiers').stdout, /costs nothing/);
  });

  test('needs to know how much, and of what', () => {
    assert.match(estimate().stderr, /--requests-per-day COUNT, or --tiers/);
    assert.match(estimate('--tiers', '--price', 'none@1').stderr, /there is no price none@1; there are/);
    assert.match(estimate('--tiers', '--price', 'bedrock-guardrails@1').stderr, /has no tokens/);
  });
});

test('money for people', () => {
  for (const [microUsd, text] of [
    [0, '$0.00'],
    [42, '$0.000042'],
    [99_999, '$0.099999'],
    [100_000, '$0.10'],
    [-1_500_000, '-$1.50'],
    [1_234_567_890_000, '$1,234,567.89'],
  ] as const)
    assert.equal(formatUsd(microUsd), text);
  assert.equal(writeCsv([['a,b', '-1', '-x', '+1', '"']]), `"a,b",-1,'-x,'+1,""""\r\n`);
});
