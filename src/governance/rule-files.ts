import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import type { z } from 'zod';
import type { AlertDestination, AlertRules, BusinessRule } from '../road/alert.ts';
import { compileCondition, UnsupportedRuleError, type RuleExpression } from '../road/rule-condition.ts';
import { describeRuleSchema } from '../road/rule-facts.ts';
import type { Part, Parts } from './parts.ts';
import type { Problem } from './problem.ts';
import type { ruleSchema } from './schemas.ts';

const SCHEMA = describeRuleSchema();
const HEAD = 'permit (principal, action, resource) when {\n';
const FACTS = 'docs/operations/alerts.md lists the facts of a record.';

/** Compiles the business rules and where alerts go. */
export function compileAlertRules(parts: Parts): {
  readonly alerts: AlertRules;
  readonly problems: readonly Problem[];
} {
  const root = parts.root;
  const { destinations = {}, budgets = [], faults = [] } = root?.value.alerts ?? {};
  const known = new Map(Object.entries(destinations).map(([name, value]) => [name, toDestination(value)]));
  const problems: Problem[] = [];
  const names = new Set<string>();
  const rules = parts.rules.flatMap((part) => {
    problems.push(...checkName(part, names));
    const compiled = compileRule(part);
    problems.push(...checkDestinations(part, ['to'], part.value.to, known));
    if (Array.isArray(compiled)) {
      problems.push(...compiled);
      return [];
    }
    return [compiled];
  });
  if (root !== undefined) {
    problems.push(...checkDestinations(root, ['alerts', 'budgets'], budgets, known));
    problems.push(...checkDestinations(root, ['alerts', 'faults'], faults, known));
  }
  return { alerts: { rules, destinations: known, budgets, faults }, problems };
}

type RulePart = Part<z.infer<typeof ruleSchema>>;

function compileRule({ value, parsed }: RulePart): BusinessRule | Problem[] {
  const place = { file: parsed.file, ...parsed.locate(['when']) };
  const condition = readCondition(value.when);
  if (typeof condition === 'string') return [{ ...place, cause: condition, fix: FACTS }];
  const { alert, description, severity, threshold, withinMinutes, groupBy, repeatMinutes, to } = value;
  return {
    name: alert,
    description,
    severity,
    condition,
    threshold,
    withinMinutes,
    groupBy,
    repeatMinutes,
    to,
  };
}

/** The condition as Cedar's JSON, or what is wrong with it. */
function readCondition(text: string): RuleExpression | string {
  const policy = `${HEAD}${text}\n};`;
  const parsed = cedar.policyToJson(policy);
  if (parsed.type === 'failure') return parsed.errors[0]?.message ?? 'Cedar cannot read the condition';
  const [clause, more] = parsed.json.conditions;
  // A text that closes the brace itself could say anything after it.
  if (clause === undefined || more !== undefined) return 'when holds more than one condition';
  const answer = cedar.validate({
    schema: SCHEMA,
    policies: { staticPolicies: { rule: policy } },
    validationSettings: { mode: 'strict' },
  });
  if (answer.type === 'failure') return answer.errors[0]?.message ?? 'Cedar refuses the condition';
  const [found] = [...answer.validationErrors, ...answer.validationWarnings];
  if (found !== undefined) return found.error.message.replace('for policy `rule`, ', '');
  try {
    const condition = clause.body as RuleExpression; // an object with one operator, which `compileCondition` holds
    compileCondition(condition);
    return condition;
  } catch (error) {
    if (error instanceof UnsupportedRuleError) return error.message;
    throw error;
  }
}

/** Alerts and metrics name a rule by its alert. */
function checkName({ value: { alert }, parsed }: RulePart, taken: Set<string>): Problem[] {
  if (!taken.has(alert)) {
    taken.add(alert);
    return [];
  }
  const place = { file: parsed.file, ...parsed.locate(['alert']) };
  return [{ ...place, cause: `${alert} is the name of another rule`, fix: 'Give it a name of its own.' }];
}

function checkDestinations(
  { parsed }: Pick<RulePart, 'parsed'>,
  path: readonly PropertyKey[],
  names: readonly string[],
  known: ReadonlyMap<string, unknown>,
): Problem[] {
  return names.flatMap((name, index) => {
    if (known.has(name)) return [];
    const place = { file: parsed.file, ...parsed.locate([...path, index]) };
    const fix =
      known.size === 0
        ? 'Name it under alerts.destinations of goldenpath.yaml.'
        : `Use one of: ${[...known.keys()].join(', ')}.`;
    return [{ ...place, cause: `the destination ${name} does not exist, so nobody would hear of it`, fix }];
  });
}

type DestinationFile = NonNullable<
  NonNullable<NonNullable<Parts['root']>['value']['alerts']>['destinations']
>[string];

function toDestination(value: DestinationFile): AlertDestination {
  return value.type === 'pagerduty' ? value : { type: 'webhook', url: value.url, urlEnv: value.urlEnv };
}
