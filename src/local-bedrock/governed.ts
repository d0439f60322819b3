import { parseGuardrailConfig, type GuardrailConfig } from '../guardrail-engine/index.ts';
import { makeVersion } from './make-version.ts';
import { toArn, type Place } from './describe.ts';
import type { StoredGuardrail } from './guardrail.ts';

/** A guardrail that a governance repository has, with its numbered versions as they were read and checked. */
export interface GovernedGuardrail {
  readonly name: string;
  readonly versions: readonly { readonly version: number; readonly config: unknown }[];
}

/**
 * Makes a repository's guardrails ready to be put into a store: ids are the letters and digits of the names, so that
 * they are the same at every start, and the draft is the highest version.
 */
export function governGuardrails(
  governed: readonly GovernedGuardrail[],
  { place, at }: { readonly place: Place; readonly at: string },
): StoredGuardrail[] {
  const taken = new Set<string>();
  return governed.flatMap(({ name, versions }) => {
    const sorted = versions
      .map(({ version, config }) => ({ version, config: readConfig(name, config) }))
      .toSorted((a, b) => a.version - b.version);
    const latest = sorted.at(-1);
    if (latest === undefined) return [];
    const id = name.replaceAll(/[^a-z0-9]/g, '');
    if (taken.has(id)) throw new Error(`two guardrails of the repository have the id ${id}; rename ${name}`);
    taken.add(id);
    const make = (version: string, config: GuardrailConfig) => makeVersion({ version, config, at });
    return [
      {
        id,
        arn: toArn(id, place),
        tags: latest.config.tags ?? [],
        draft: make('DRAFT', latest.config),
        versions: sorted.map(({ version, config }) => make(String(version), config)),
        lastVersion: latest.version,
      },
    ];
  });
}

function readConfig(name: string, json: unknown): GuardrailConfig {
  const parsed = parseGuardrailConfig(json);
  if (parsed.ok) return parsed.config;
  throw new Error(`guardrail ${name}: ${parsed.errors.map(({ message }) => message).join('; ')}`);
}
