import type { ClosedRecord } from './record.ts';

/** A value of a fact. What a record does not have is empty, or 0, so that a rule need not ask whether it is there. */
export type Fact = string | number | readonly string[];
type Reader = (record: ClosedRecord) => Fact;

const TEXTS = {
  tenant: ({ caller }) => caller?.tenant ?? '',
  subject: ({ caller }) => caller?.subject ?? '',
  kind: ({ caller }) => caller?.kind ?? '',
  workflow: ({ caller }) => caller?.workflow ?? '',
  client: ({ caller }) => caller?.client ?? '',
  dialect: ({ dialect }) => dialect,
  capability: ({ capability }) => capability ?? '',
  feature: ({ feature }) => feature ?? '',
  dataClass: ({ dataClass }) => dataClass ?? '',
  outcome: ({ outcome }) => outcome,
  code: ({ refusal }) => refusal?.code ?? '',
  route: ({ route }) => route ?? '',
  provider: ({ provider }) => provider ?? '',
  model: ({ model }) => model ?? '',
  region: ({ region }) => region ?? '',
  finishReason: ({ finishReason }) => finishReason ?? '',
} as const satisfies Record<string, Reader>;

const NUMBERS = {
  inputTokens: ({ usage }) => usage?.inputTokens ?? 0,
  outputTokens: ({ usage }) => usage?.outputTokens ?? 0,
  costMicroUsd: ({ costMicroUsd }) => costMicroUsd ?? 0,
  tookMs: ({ tookUs }) => Math.round((tookUs ?? 0) / 1000),
  failedTries: ({ tries }) => tries?.filter(({ outcome }) => outcome === 'failed').length ?? 0,
} as const satisfies Record<string, Reader>;

const SETS = {
  groups: ({ caller }) => caller?.groups ?? [],
  attacks: ({ attacks }) => attacks?.map(({ pattern }) => pattern) ?? [],
  findings: ({ guards }) =>
    guards?.flatMap((guard) => guard.findings.map(({ policy, name }) => `${policy}:${name}`)) ?? [],
  redactions: ({ redactions }) => Object.keys(redactions ?? {}),
} as const satisfies Record<string, Reader>;

const READERS: Readonly<Record<string, Reader>> = { ...TEXTS, ...NUMBERS, ...SETS };

/** A fact that tells one group of records from another. */
export type RuleField = keyof typeof TEXTS;
export const RULE_FIELDS = Object.keys(TEXTS) as RuleField[]; // `keys` forgets them

/** The facts of a record as rules see them, by name. */
export function readFact(record: ClosedRecord, name: string): Fact | undefined {
  return READERS[name]?.(record);
}

export function readField(record: ClosedRecord, name: RuleField): string {
  return TEXTS[name](record);
}

/** The facts as a Cedar schema, which conditions are validated against. */
export function describeRuleSchema(): string {
  const declare = (names: object, type: string) => Object.keys(names).map((name) => `${name}: ${type}`);
  const facts = [
    ...declare(TEXTS, 'String'),
    ...declare(NUMBERS, 'Long'),
    ...declare(SETS, 'Set<String>'),
  ].join(', ');
  return `entity Gateway; entity Record; action close appliesTo { principal: [Gateway], resource: [Record], context: { ${facts} } };`;
}
