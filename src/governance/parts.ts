import type { z } from 'zod';
import { parseFile, validateFile, type ParsedFile } from './document.ts';
import type { Problem } from './problem.ts';
import {
  bedrockGuardrailSchema,
  capabilitySchema,
  lockSchema,
  promptSchema,
  rootSchema,
  routeSchema,
  tenantSchema,
  toolSchema,
} from './schemas.ts';
import type { Source } from './source.ts';

/** One file, read and of the right shape. `name` comes from its path. */
export interface Part<Value> {
  readonly name: string;
  readonly value: Value;
  readonly parsed: ParsedFile;
}

/** Every file of a repository, by kind; shapes are right, references between files are not yet checked. */
export interface Parts {
  readonly root: Part<z.infer<typeof rootSchema>> | undefined;
  readonly lock: z.infer<typeof lockSchema>;
  readonly tenants: readonly Part<z.infer<typeof tenantSchema>>[];
  readonly capabilities: readonly Part<z.infer<typeof capabilitySchema>>[];
  readonly routes: readonly Part<z.infer<typeof routeSchema>>[];
  readonly tools: readonly Part<z.infer<typeof toolSchema>>[];
  /** `name` is NAME@VERSION. */
  readonly prompts: readonly Part<z.infer<typeof promptSchema>>[];
  readonly embeddedGuardrails: readonly Part<unknown>[];
  readonly bedrockGuardrails: readonly Part<z.infer<typeof bedrockGuardrailSchema>>[];
  readonly problems: readonly Problem[];
}

export const LOCK_FILE = 'versions.lock.json';

/** Reads every file of the repository against its schema. */
export function readParts(source: Source): Parts {
  const problems: Problem[] = [];

  const readFiles = <Schema extends z.ZodType>(pattern: RegExp, schema: Schema): Part<z.infer<Schema>>[] => {
    const parts: Part<z.infer<Schema>>[] = [];
    for (const [file, text] of source.files) {
      const match = pattern.exec(file);
      if (match === null) continue;
      const parsed = parseFile(file, text);
      if (Array.isArray(parsed)) {
        problems.push(...parsed);
        continue;
      }
      const value = validateFile(parsed, schema);
      if (Array.isArray(value)) problems.push(...value);
      else parts.push({ name: match.slice(1).join('@'), value, parsed });
    }
    return parts;
  };

  const root = readFiles(/^goldenpath\.yaml$/, rootSchema)[0];
  if (!source.files.has('goldenpath.yaml')) {
    problems.push({
      file: 'goldenpath.yaml',
      line: 1,
      column: 1,
      cause: 'the folder has no goldenpath.yaml, so it is not a governance repository',
      fix: 'Pass the right folder, or start one with `goldenpath init DIR`.',
    });
  }
  return {
    root,
    lock: readFiles(/^versions\.lock\.json$/, lockSchema)[0]?.value ?? { prompts: {}, guardrails: {} },
    tenants: readFiles(/^tenants\/([^/]+)\.yaml$/, tenantSchema),
    capabilities: readFiles(/^capabilities\/([^/]+)\.yaml$/, capabilitySchema),
    routes: readFiles(/^routes\/([^/]+)\.yaml$/, routeSchema),
    tools: readFiles(/^tools\/([^/]+)\.yaml$/, toolSchema),
    prompts: readFiles(/^prompts\/([^/]+)\/([^/]+)\/prompt\.yaml$/, promptSchema),
    bedrockGuardrails: readFiles(/^guardrails\/([^/]+)\/([^/]+)\.yaml$/, bedrockGuardrailSchema),
    embeddedGuardrails: readJson(source, problems),
    problems: [...problems, ...findStrayFiles(source)],
  };
}

function readJson(source: Source, problems: Problem[]): Part<unknown>[] {
  const parts: Part<unknown>[] = [];
  for (const [file, text] of source.files) {
    const match = /^guardrails\/([^/]+)\/([^/]+)\.json$/.exec(file);
    if (match === null) continue;
    const parsed = parseFile(file, text);
    if (Array.isArray(parsed)) problems.push(...parsed);
    else parts.push({ name: `${match[1]}@${match[2]}`, value: parsed.value, parsed });
  }
  return parts;
}

const KNOWN = [
  /^goldenpath\.yaml$/,
  /^versions\.lock\.json$/,
  /^(tenants|capabilities|routes|tools)\/[^/]+\.yaml$/,
  /^prompts\/[^/]+\/[^/]+\/[^/]+\.(yaml|md)$/,
  /^guardrails\/[^/]+\/[^/]+\.(yaml|json)$/,
  /^policies\//,
  /^knowledge\//,
];

/** A misspelt folder would otherwise be skipped in silence: a policy that nobody applies. */
function findStrayFiles(source: Source): Problem[] {
  const governed = /^(goldenpath|tenants?|capabilit|routes?|tools?|prompts?|guardrails?|polic)/;
  return [...source.files.keys()]
    .filter((file) => !KNOWN.some((pattern) => pattern.test(file)))
    .filter((file) => file.endsWith('.cedar') || (governed.test(file) && !file.endsWith('.md')))
    .map((file) => ({
      file,
      line: 1,
      column: 1,
      cause: 'no rule says what this file is, so it would have no effect',
      fix: 'Move it where its kind belongs: capabilities/NAME.yaml, prompts/NAME/VERSION/prompt.yaml, guardrails/NAME/VERSION.json, policies/NAME.cedar …',
    }));
}
