import { hash } from 'node:crypto';
import type { AcceptedIssuer } from '../ports/identity.ts';
import {
  REDACTABLE_TYPES,
  type Capability,
  type GuardrailReference,
  type Passage,
  type Prompt,
  type Route,
  type Tenant,
  type ToolDefinition,
} from '../road/governed.ts';
import { checkGuardrailConfig } from './guardrail-files.ts';
import type { Governance } from './governance.ts';
import { LOCK_FILE, readParts, type Part, type Parts } from './parts.ts';
import { compilePolicies } from './policies.ts';
import type { Problem } from './problem.ts';
import { compilePrompt } from './prompt-files.ts';
import { checkSafety } from './safety.ts';
import { readSource, type Source } from './source.ts';

export interface Compiled {
  /** Absent when there are problems. */
  readonly governance: Governance | undefined;
  readonly problems: readonly Problem[];
  /** Hashes of every prompt and guardrail version that stands in the files, for the lock. */
  readonly hashes: { readonly prompts: Record<string, string>; readonly guardrails: Record<string, string> };
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
  const guardrails = compileGuardrails(parts, problems);
  const routes = new Map(parts.routes.map((part) => [part.name, toRoute(part)]));
  const tools = new Map(parts.tools.map((part) => [part.name, toTool(part)]));
  const policies = compilePolicies(source);
  problems.push(...policies.problems);

  const hashes = {
    prompts: Object.fromEntries([...prompts].map(([id, prompt]) => [id, prompt.hash])),
    guardrails: Object.fromEntries(
      [...guardrails].map(([id, guardrail]) => [
        id,
        hash('sha256', JSON.stringify([guardrail.config, guardrail.bedrock]), 'hex'),
      ]),
    ),
  };
  problems.push(...checkPublished(parts, hashes));

  const capabilities = new Map<string, Capability>();
  for (const part of parts.capabilities) {
    const capability = compileCapability({ part, prompts, guardrails, routes, tools, source, problems });
    if (capability !== undefined) capabilities.set(part.name, capability);
  }
  problems.push(...checkSafety({ parts, guardrails }));
  if (problems.length > 0 || parts.root === undefined) {
    return { governance: undefined, problems: sortProblems(problems), hashes };
  }
  const root = parts.root.value;
  const governance: Governance = {
    name: root.name,
    version: source.version,
    environment: root.environment,
    loopbackIssuer: root.loopbackIssuer,
    issuers: root.issuers.map(toIssuer),
    tenants: new Map(parts.tenants.map((part) => [part.name, toTenant(part)])),
    capabilities,
    routes,
    guardrails,
    policies: policies.sources,
  };
  return { governance: freezeDeep(governance), problems: [], hashes };
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

function compileGuardrails(parts: Parts, problems: Problem[]): Map<string, GuardrailReference> {
  const guardrails = new Map<string, GuardrailReference>();
  for (const part of parts.embeddedGuardrails) {
    const [name = '', version = ''] = part.name.split('@');
    problems.push(...checkGuardrailConfig(part));
    guardrails.set(part.name, { engine: 'embedded', name, version, config: part.value, bedrock: undefined });
  }
  for (const part of parts.bedrockGuardrails) {
    const [name = '', version = ''] = part.name.split('@');
    const { guardrailIdentifier, guardrailVersion, region } = part.value;
    const bedrock = { identifier: guardrailIdentifier, version: guardrailVersion, region };
    guardrails.set(part.name, { engine: 'bedrock', name, version, config: undefined, bedrock });
  }
  return guardrails;
}

/** A published version that changed would make every old record lie about what the model was told. */
function checkPublished(parts: Parts, hashes: Compiled['hashes']): Problem[] {
  const problems: Problem[] = [];
  for (const kind of ['prompts', 'guardrails'] as const) {
    for (const [id, published] of Object.entries(parts.lock[kind])) {
      const now = hashes[kind][id];
      if (now === published) continue;
      const folder = `${kind}/${id.replace('@', '/')}`;
      problems.push({
        file: now === undefined ? LOCK_FILE : folder,
        line: 1,
        column: 1,
        cause:
          now === undefined
            ? `the published version ${id} is gone`
            : `the published version ${id} was changed`,
        fix: `Restore ${folder} and make the change under the next version number.`,
      });
    }
  }
  return problems;
}

interface CapabilityInput {
  readonly part: Parts['capabilities'][number];
  readonly prompts: ReadonlyMap<string, Prompt>;
  readonly guardrails: ReadonlyMap<string, GuardrailReference>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly tools: ReadonlyMap<string, ToolDefinition>;
  readonly source: Source;
  readonly problems: Problem[];
}

function compileCapability(input: CapabilityInput): Capability | undefined {
  const { part, source, problems } = input;
  const { value } = part;
  const before = problems.length;
  const find = <Value>(
    known: ReadonlyMap<string, Value>,
    name: string,
    path: PropertyKey[],
    kind: string,
  ): Value | undefined => {
    const found = known.get(name);
    if (found === undefined) {
      problems.push({
        file: part.parsed.file,
        ...part.parsed.locate(path),
        cause: `${kind} ${name} does not exist, or has problems of its own`,
        fix: known.size === 0 ? `Add a ${kind} first.` : `Use one of: ${[...known.keys()].join(', ')}.`,
      });
    }
    return found;
  };
  const prompt = find(input.prompts, value.prompt, ['prompt'], 'prompt');
  const guardrail = find(input.guardrails, value.guardrail, ['guardrail'], 'guardrail');
  const routes = value.routes.map((name, index) => find(input.routes, name, ['routes', index], 'route'));
  const tools = value.tools.map((name, index) => find(input.tools, name, ['tools', index], 'tool'));
  const knowledge = new Map([...source.files].filter(([file]) => file.startsWith('knowledge/')));
  const context = value.context.map((file, index): Passage => {
    const text = find(
      knowledge,
      file.startsWith('knowledge/') ? file : `knowledge/${file}`,
      ['context', index],
      'knowledge file',
    );
    return { id: file.replace(/^knowledge\//, '').replace(/\.[a-z]+$/, ''), text: (text ?? '').trim() };
  });
  if (problems.length > before || prompt === undefined || guardrail === undefined) return undefined;
  const { temperature, topP, maxOutputTokens, stopSequences } = value.parameters;
  const toRange = (range: { min: number; max: number; default?: number | undefined } | undefined) =>
    range === undefined ? undefined : { min: range.min, max: range.max, default: range.default };
  return {
    name: part.name,
    owner: value.owner,
    purpose: value.purpose,
    feature: value.feature ?? part.name,
    dataClass: value.dataClass,
    workloadPattern: value.workloadPattern,
    prompt,
    guardrail,
    routes: routes.filter((route) => route !== undefined),
    prefer: value.prefer,
    regions: value.regions,
    context,
    tools: tools.filter((tool) => tool !== undefined),
    parameters: {
      temperature: toRange(temperature),
      topP: toRange(topP),
      maxOutputTokens: {
        min: maxOutputTokens.min,
        max: maxOutputTokens.max,
        default: maxOutputTokens.default,
      },
      stopSequences,
    },
    redaction: {
      types: value.redaction.types === 'structured' ? [...REDACTABLE_TYPES] : value.redaction.types,
      restore: value.redaction.restore,
    },
    archive: value.archive,
    limits: {
      inputCharacters: value.limits.inputCharacters,
      deadlineMs: value.limits.deadlineSeconds * 1000,
    },
  };
}

function toRoute(part: Parts['routes'][number]): Route {
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
    price: {
      inputMicroUsdPerMillion: value.price.inputMicroUsdPerMillionTokens,
      outputMicroUsdPerMillion: value.price.outputMicroUsdPerMillionTokens,
    },
    expectedLatencyMs: value.expectedLatencyMs,
    timeouts: value.timeouts,
    retries: value.retries,
    breaker: value.breaker,
  };
}

function toTool(part: Parts['tools'][number]): ToolDefinition {
  return { name: part.name, description: part.value.description, parametersSchema: part.value.parameters };
}

function toTenant(part: Part<{ displayName: string; regions: string[] }>): Tenant {
  return { name: part.name, displayName: part.value.displayName, regions: part.value.regions };
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
