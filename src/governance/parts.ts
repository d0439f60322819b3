import type { z } from 'zod';
import { parseFile, validateFile, type ParsedFile } from './document.ts';
import { GUARDRAIL_CASES } from './guardrail-cases.ts';
import type { Problem } from './problem.ts';
import {
  bedrockGuardrailSchema,
  capabilitySchema,
  lockSchema,
  priceSchema,
  promptSchema,
  rootSchema,
  routeSchema,
  ruleSchema,
  tenantSchema,
  toolSchema,
  workflowSchema,
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
  /** Absent when the file cannot be read: then nothing is known of what was published. */
  readonly lock: z.infer<typeof lockSchema> | undefined;
  readonly tenants: readonly Part<z.infer<typeof tenantSchema>>[];
  readonly capabilities: readonly Part<z.infer<typeof capabilitySchema>>[];
  readonly routes: readonly Part<z.infer<typeof routeSchema>>[];
  readonly workflows: readonly Part<z.infer<typeof workflowSchema>>[];
  readonly rules: readonly Part<z.infer<typeof ruleSchema>>[];
  /** `name` is NAME@VERSION. */
  readonly prices: readonly Part<z.infer<typeof priceSchema>>[];
  readonly tools: readonly Part<z.infer<typeof toolSchema>>[];
  /** `name` is NAME@VERSION. */
  readonly prompts: readonly Part<z.infer<typeof promptSchema>>[];
  readonly embeddedGuardrails: readonly Part<unknown>[];
  readonly bedrockGuardrails: readonly Part<z.infer<typeof bedrockGuardrailSchema>>[];
  /** The file of each version that stands in the repository, right or wrong, by kind and NAME@VERSION. */
  readonly versionFiles: ReadonlyMap<string, string>;
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
      const misnamed = checkNames(file, match.slice(1));
      if (misnamed !== undefined) problems.push(misnamed);
      if (Array.isArray(value)) problems.push(...value);
      else if (misnamed === undefined) parts.push({ name: match.slice(1).join('@'), value, parsed });
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
  const lock = readFiles(/^versions\.lock\.json$/, lockSchema)[0]?.value;
  return {
    root,
    lock: lock ?? (source.files.has(LOCK_FILE) ? undefined : { prompts: {}, guardrails: {}, prices: {} }),
    tenants: readFiles(/^tenants\/([^/]+)\.yaml$/, tenantSchema),
    capabilities: readFiles(/^capabilities\/([^/]+)\.yaml$/, capabilitySchema),
    routes: readFiles(/^routes\/([^/]+)\.yaml$/, routeSchema),
    workflows: readFiles(/^workflows\/([^/]+)\.yaml$/, workflowSchema),
    rules: readFiles(/^rules\/([^/]+)\.yaml$/, ruleSchema),
    prices: readFiles(/^prices\/([^/]+)\/([^/]+)\.yaml$/, priceSchema),
    tools: readFiles(/^tools\/([^/]+)\.yaml$/, toolSchema),
    prompts: readFiles(/^prompts\/([^/]+)\/([^/]+)\/prompt\.yaml$/, promptSchema),
    bedrockGuardrails: readFiles(/^guardrails\/([^/]+)\/([^/]+)\.yaml$/, bedrockGuardrailSchema),
    embeddedGuardrails: readJson(source, problems),
    versionFiles: listVersionFiles(source),
    problems: [...source.problems, ...problems, ...findStrayFiles(source), ...findTwins(source)],
  };
}

function listVersionFiles(source: Source): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const file of source.files.keys()) {
    const [, kind, name, version] =
      /^(prompts)\/([^/]+)\/([^/]+)\/prompt\.yaml$/.exec(file) ??
      /^(guardrails)\/([^/]+)\/([^/]+)\.(?:yaml|json)$/.exec(file) ??
      /^(prices)\/([^/]+)\/([^/]+)\.yaml$/.exec(file) ??
      [];
    if (kind !== undefined) files.set(`${kind}/${name}@${version}`, file);
  }
  return files;
}

function readJson(source: Source, problems: Problem[]): Part<unknown>[] {
  const parts: Part<unknown>[] = [];
  for (const [file, text] of source.files) {
    const match = /^guardrails\/([^/]+)\/([^/]+)\.json$/.exec(file);
    if (match === null) continue;
    const parsed = parseFile(file, text);
    const misnamed = checkNames(file, match.slice(1));
    if (misnamed !== undefined) problems.push(misnamed);
    if (Array.isArray(parsed)) problems.push(...parsed);
    else if (misnamed === undefined)
      parts.push({ name: `${match[1]}@${match[2]}`, value: parsed.value, parsed });
  }
  return parts;
}

const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
const VERSION = /^[1-9][0-9]{0,7}$/;

/** A name stands on records, in policies and in metrics, so it is as plain in a path as it is in a file. */
function checkNames(file: string, [name = '', version]: readonly string[]): Problem | undefined {
  const place = { file, line: 1, column: 1 };
  if (file.includes('/') && !NAME.test(name)) {
    const cause = `${JSON.stringify(name)} cannot be a name`;
    return { ...place, cause, fix: 'Use lower-case letters, digits and hyphens, at most 63.' };
  }
  if (version === undefined || VERSION.test(version)) return undefined;
  const cause = `${JSON.stringify(version)} is not a version, so nothing could refer to it`;
  return { ...place, cause, fix: 'Number the versions: 1, 2, 3 …' };
}

const KNOWN = [
  /^goldenpath\.yaml$/,
  /^versions\.lock\.json$/,
  /^(tenants|capabilities|routes|tools|workflows|rules)\/[^/]+\.yaml$/,
  /^prompts\/[^/]+\/[^/]+\/(prompt\.yaml|.+\.md)$/,
  /^guardrails\/[^/]+\/[^/]+\.(yaml|json)$/,
  GUARDRAIL_CASES,
  /^prices\/[^/]+\/[^/]+\.yaml$/,
  /^policies\/(schema\.cedarschema|.+\.cedar)$/,
  /^knowledge\//,
];

/** A misspelt folder would otherwise be skipped in silence: a policy that nobody applies. */
function findStrayFiles(source: Source): Problem[] {
  const governed =
    /^(golden-?path|version|tenant|capabilit|route|tool|prompt|guardrail|polic|price|workflow|rule)/i;
  return [...source.files.keys()]
    .filter((file) => !KNOWN.some((pattern) => pattern.test(file)))
    .filter((file) => /\.cedar(schema)?$/.test(file) || (governed.test(file) && !file.endsWith('.md')))
    .map((file) => ({
      file,
      line: 1,
      column: 1,
      cause: 'no rule says what this file is, so it would have no effect',
      fix: 'Move it where its kind belongs: capabilities/NAME.yaml, prompts/NAME/VERSION/prompt.yaml, guardrails/NAME/VERSION.json, policies/NAME.cedar …',
    }));
}

/** Of two files for one version of a guardrail, one would win without a word. */
function findTwins(source: Source): Problem[] {
  return [...source.files.keys()]
    .filter((file) => /^guardrails\/[^/]+\/[^/]+\.yaml$/.test(file))
    .filter((file) => source.files.has(file.replace(/yaml$/, 'json')))
    .map((file) => ({
      file,
      line: 1,
      column: 1,
      cause: `${file.replace(/yaml$/, 'json')} describes the same version`,
      fix: 'Keep one of the two, or give one the next version number.',
    }));
}
