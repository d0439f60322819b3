import { hash } from 'node:crypto';
import type { AcceptedIssuer } from '../ports/identity.ts';
import type {
  Capability,
  GuardrailReference,
  Prompt,
  Route,
  Tenant,
  ToolDefinition,
  Workflow,
} from '../road/governed.ts';
import { compileCapability } from './capability-file.ts';
import { checkEdge, toEdgeRules } from './edge.ts';
import { checkGuardrailCases } from './guardrail-cases.ts';
import { checkGuardrailConfig } from './guardrail-files.ts';
import type { Governance } from './governance.ts';
import { toPeopledLimits, toPlaceLimits, toUseLimits } from './limit-blocks.ts';
import { LOCK_FILE, readParts, type Parts } from './parts.ts';
import { compilePolicies } from './policies.ts';
import { checkPolicyReferences } from './policy-references.ts';
import {
  checkPriceReferences,
  compilePrices,
  hashPrices,
  priceOfGuardrail,
  priceOfRoute,
  type PriceFiles,
} from './price-files.ts';
import type { Problem } from './problem.ts';
import { compilePrompt } from './prompt-files.ts';
import { compileAlertRules } from './rule-files.ts';
import { checkSafety, type Hashes } from './safety.ts';
import { readSource, type Source } from './source.ts';
import { checkTool } from './tool-file.ts';
import { listWarnings } from './warnings.ts';

export interface Compiled {
  /** Absent when there are problems. */
  readonly governance: Governance | undefined;
  readonly problems: readonly Problem[];
  /** What may be meant, and is worth a look. Empty while there are problems. */
  readonly warnings: readonly Problem[];
  /** Hashes of every prompt, guardrail and price version that stands in the files, for the lock. */
  readonly hashes: Hashes;
}

/** Loads, checks, compiles and freezes the governance repository in a folder. */
export async function compileGovernance(directory: string): Promise<Compiled> {
  return compileSource(await readSource(directory));
}

/** Compiles what was read. Pure: the same files give the same result. */
export function compileSource(source: Source): Compiled {
  const parts = readParts(source);
  const problems: Problem[] = [...parts.problems];
  const prompts = compilePrompts(parts, source, problems);
  const prices: PriceFiles = new Map(parts.prices.map(({ name, value }) => [name, value]));
  const guardrails = compileGuardrails(parts, prices, problems);
  const routes = new Map(parts.routes.map((part) => [part.name, toRoute(part, prices)]));
  const tools = new Map(parts.tools.map((part) => [part.name, toTool(part)]));
  problems.push(...parts.tools.flatMap(checkTool));
  problems.push(...checkGuardrailCases(source, parts.versionFiles));
  const policies = compilePolicies(source);
  problems.push(...policies.problems);

  const hashes = { ...hashVersions(prompts, guardrails), prices: hashPrices(prices) };
  problems.push(...checkPublished(parts, hashes));
  problems.push(...checkPrices(parts, prices));

  const capabilities = new Map<string, Capability>();
  for (const part of parts.capabilities) {
    const compiled = compileCapability(part, { prompts, guardrails, routes, tools, source });
    problems.push(...compiled.problems);
    if (compiled.capability !== undefined) capabilities.set(part.name, compiled.capability);
  }
  const tenants = new Map(parts.tenants.map((part) => [part.name, toTenant(part)]));
  // Names come from the paths, so that a capability with a problem is not also reported as unknown.
  const known = { capabilities: listNames(source, 'capabilities'), tenants: listNames(source, 'tenants') };
  problems.push(...checkPolicyReferences(policies.policies, known));
  problems.push(...checkEdge(parts.root));
  const alerts = compileAlertRules(parts);
  problems.push(...alerts.problems);
  problems.push(...checkSafety({ parts, guardrails, tenants: known.tenants, hashes }));
  if (problems.length > 0 || parts.root === undefined) {
    return { governance: undefined, problems: sortProblems(problems), warnings: [], hashes };
  }
  const root = parts.root.value;
  const governance: Governance = {
    name: root.name,
    version: source.version,
    environment: root.environment,
    loopbackIssuer: root.loopbackIssuer,
    edge: toEdgeRules(root),
    issuers: root.issuers.map(toIssuer),
    tenants,
    capabilities,
    routes,
    guardrails,
    rules: {
      gateway: toPlaceLimits(root),
      users: toUseLimits(root.users),
      workflows: new Map(parts.workflows.map((part) => [part.name, toWorkflow(part)])),
    },
    prices: compilePrices(prices),
    policies: policies.sources,
    alerts: alerts.alerts,
  };
  const warnings = listWarnings({ governance, parts, policies: policies.policies });
  return { governance: freezeDeep(governance), problems: [], warnings: sortProblems(warnings), hashes };
}

function listNames(source: Source, folder: string): ReadonlySet<string> {
  const pattern = new RegExp(`^${folder}/([^/]+)\\.yaml$`);
  const files = [...source.files.keys(), ...source.problems.map(({ file }) => file)];
  return new Set(files.flatMap((file) => pattern.exec(file)?.[1] ?? []));
}

function hashVersions(
  prompts: ReadonlyMap<string, Prompt>,
  guardrails: ReadonlyMap<string, GuardrailReference>,
): Pick<Hashes, 'prompts' | 'guardrails'> {
  const hashGuardrail = ({ config, bedrock }: GuardrailReference) =>
    hash('sha256', JSON.stringify([config, bedrock]), 'hex');
  return {
    prompts: Object.fromEntries([...prompts].map(([id, prompt]) => [id, prompt.hash])),
    guardrails: Object.fromEntries([...guardrails].map(([id, guardrail]) => [id, hashGuardrail(guardrail)])),
  };
}

function compilePrompts(parts: Parts, source: Source, problems: Problem[]): Map<string, Prompt> {
  const prompts = new Map<string, Prompt>();
  for (const part of parts.prompts) {
    const [name = '', version = ''] = part.name.split('@');
    const compiled = compilePrompt({ name, version, file: part.value, parsed: part.parsed, source });
    problems.push(...compiled.problems);
    if (compiled.prompt !== undefined) prompts.set(part.name, compiled.prompt);
  }
  return prompts;
}

function checkPrices(parts: Parts, prices: PriceFiles): Problem[] {
  const known = [...parts.versionFiles.keys()].flatMap((id) => /^prices\/(.+)$/.exec(id)?.[1] ?? []);
  return checkPriceReferences({
    routes: parts.routes,
    guardrails: parts.bedrockGuardrails,
    prices,
    known: new Set(known),
    published: parts.lock?.prices,
  });
}

function compileGuardrails(
  parts: Parts,
  prices: PriceFiles,
  problems: Problem[],
): Map<string, GuardrailReference> {
  const guardrails = new Map<string, GuardrailReference>();
  for (const part of parts.embeddedGuardrails) {
    const [name = '', version = ''] = part.name.split('@');
    const found = checkGuardrailConfig(part);
    problems.push(...found);
    // What has problems cannot be published, or referred to.
    if (found.length > 0) continue;
    guardrails.set(part.name, {
      engine: 'embedded',
      name,
      version,
      config: part.value,
      bedrock: undefined,
      price: {}, // it runs in the gateway itself
    });
  }
  for (const part of parts.bedrockGuardrails) {
    const [name = '', version = ''] = part.name.split('@');
    const { guardrailIdentifier, guardrailVersion, region, price: priced } = part.value;
    const bedrock = { identifier: guardrailIdentifier, version: guardrailVersion, region };
    const price = priceOfGuardrail(priced, prices);
    guardrails.set(part.name, { engine: 'bedrock', name, version, config: undefined, bedrock, price });
  }
  return guardrails;
}

/** A published version that changed would make every old record lie about what the model was told. */
function checkPublished(parts: Parts, hashes: Hashes): Problem[] {
  const problems: Problem[] = [];
  for (const kind of ['prompts', 'guardrails', 'prices'] as const) {
    for (const [id, published] of Object.entries(parts.lock?.[kind] ?? {})) {
      const now = hashes[kind][id];
      if (now === published) continue;
      const folder = `${kind}/${id.replace('@', '/')}`;
      const fix = `Restore ${folder} from git, and make the change under the next version number.`;
      const file = parts.versionFiles.get(`${kind}/${id}`);
      if (now !== undefined && file !== undefined) {
        problems.push({ file, line: 1, column: 1, cause: `the published version ${id} was changed`, fix });
      } else if (file === undefined) {
        const cause = `the published version ${id} is gone`;
        problems.push({ file: LOCK_FILE, line: 1, column: 1, cause, fix });
      }
    }
  }
  return problems;
}

function toRoute(part: Parts['routes'][number], prices: PriceFiles): Route {
  const { value } = part;
  return {
    name: part.name,
    provider: value.provider,
    model: value.model,
    region: value.region,
    baseUrl: value.baseUrl,
    apiKeyEnv: value.apiKeyEnv,
    bedrockGuardrail: value.guardrail,
    dataClasses: value.dataClasses,
    price: priceOfRoute(value.price, prices),
    limits: toPlaceLimits(value),
    expectedLatencyMs: value.expectedLatencyMs,
    timeouts: value.timeouts,
    retries: value.retries,
    breaker: value.breaker,
  };
}

function toTool(part: Parts['tools'][number]): ToolDefinition {
  return { name: part.name, description: part.value.description, parametersSchema: part.value.parameters };
}

function toTenant({ name, value }: Parts['tenants'][number]): Tenant {
  return {
    name,
    displayName: value.displayName,
    regions: value.regions,
    limits: toPeopledLimits(value),
  };
}

function toWorkflow({ name, value }: Parts['workflows'][number]): Workflow {
  return { name, limits: toPlaceLimits(value) };
}

function toIssuer(issuer: NonNullable<Parts['root']>['value']['issuers'][number]): AcceptedIssuer {
  return {
    issuer: issuer.issuer,
    audiences: issuer.audiences,
    flavour: issuer.flavour,
    tokenUse: issuer.tokenUse,
    claims: issuer.claims,
    tenant: issuer.tenant,
    tenants: issuer.tenants,
    clockSkewS: issuer.clockSkewSeconds,
    jwksUri: issuer.jwksUri,
  };
}

function sortProblems(problems: readonly Problem[]): Problem[] {
  return problems.toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.column - b.column);
}

/** Nothing that serves requests may change under them. */
function freezeDeep<Value>(value: Value): Value {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.freeze(value);
  if (value instanceof Map) for (const item of value.values()) freezeDeep(item);
  else for (const item of Object.values(value)) freezeDeep(item);
  return value;
}
