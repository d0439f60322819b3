import {
  REDACTABLE_TYPES,
  type Capability,
  type GuardrailReference,
  type Prompt,
  type Route,
  type ToolDefinition,
} from '../road/governed.ts';
import { toPeopledLimits } from './limit-blocks.ts';
import type { Parts } from './parts.ts';
import type { Problem } from './problem.ts';
import type { Source } from './source.ts';

type CapabilityPart = Parts['capabilities'][number];

/** What a capability's file may refer to, compiled. */
export interface Referable {
  readonly prompts: ReadonlyMap<string, Prompt>;
  readonly guardrails: ReadonlyMap<string, GuardrailReference>;
  readonly routes: ReadonlyMap<string, Route>;
  readonly tools: ReadonlyMap<string, ToolDefinition>;
  readonly source: Source;
}

/** Joins a capability's file with what it refers to; absent when there are problems. */
export function compileCapability(
  part: CapabilityPart,
  referable: Referable,
): { capability: Capability | undefined; problems: Problem[] } {
  const { value } = part;
  const problems = [
    ...checkRepeated(part, 'routes'),
    ...checkRepeated(part, 'tools'),
    ...checkRepeated(part, 'context'),
  ];
  let isWhole = true;
  const find = <Value>(
    compiled: ReadonlyMap<string, Value>,
    name: string,
    path: readonly [Field, ...PropertyKey[]],
  ): Value | undefined => {
    const found = compiled.get(name);
    if (found !== undefined) return found;
    isWhole = false;
    const known = listNames(referable.source, path[0]);
    // What stands there with problems of its own is reported as those.
    if (!known.includes(name)) problems.push(explainUnknown({ part, name, path, known }));
    return undefined;
  };
  const prompt = find(referable.prompts, value.prompt, ['prompt']);
  const guardrail = find(referable.guardrails, value.guardrail, ['guardrail']);
  const routes = value.routes.map((name, index) => find(referable.routes, name, ['routes', index]));
  const tools = value.tools.map((name, index) => find(referable.tools, name, ['tools', index]));
  const knowledge = new Map([...referable.source.files].filter(([file]) => file.startsWith('knowledge/')));
  const context = value.context.map((file, index) => {
    const path = file.startsWith('knowledge/') ? file : `knowledge/${file}`;
    const text = find(knowledge, path, ['context', index]);
    if (text === undefined) return undefined;
    problems.push(...checkPassage(path, text));
    return { id: toPassageId(path), text: text.trim() };
  });
  if (!isWhole || problems.length > 0 || prompt === undefined || guardrail === undefined)
    return { capability: undefined, problems };
  const capability: Capability = {
    ...describe(part),
    prompt,
    guardrail,
    routes: routes.filter((route) => route !== undefined),
    context: context.filter((passage) => passage !== undefined),
    tools: tools.filter((tool) => tool !== undefined),
  };
  return { capability, problems };
}

/** What of a capability's file stands for itself. */
function describe(
  part: CapabilityPart,
): Omit<Capability, 'prompt' | 'guardrail' | 'routes' | 'context' | 'tools'> {
  const { name, value } = part;
  const { temperature, topP, maxOutputTokens, stopSequences } = value.parameters;
  const toRange = (range: { min: number; max: number; default?: number | undefined }) => ({
    min: range.min,
    max: range.max,
    default: range.default,
  });
  return {
    name,
    owner: value.owner,
    purpose: value.purpose,
    feature: value.feature ?? name,
    dataClass: value.dataClass,
    workloadPattern: value.workloadPattern,
    prefer: value.prefer,
    regions: value.regions,
    parameters: {
      temperature: temperature && toRange(temperature),
      topP: topP && toRange(topP),
      maxOutputTokens: toRange(maxOutputTokens),
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
    use: { ...toPeopledLimits(value), onBudget: value.onBudget },
  };
}

/** Marks of passages in a passage's own text would let one file speak in the name of another. */
const PASSAGE_MARK = /<\/?passage\b/i;

function toPassageId(path: string): string {
  return path.slice('knowledge/'.length).replace(/\.[a-z]+$/, '');
}

function checkPassage(path: string, text: string): Problem[] {
  const problems: Problem[] = [];
  const id = toPassageId(path);
  if (!/^[A-Za-z0-9._/-]{1,100}$/.test(id)) {
    const cause = `${JSON.stringify(id)} cannot be the id of a passage`;
    problems.push({ file: path, line: 1, column: 1, cause, fix: 'Use letters, digits and . _ - / in it.' });
  }
  const mark = PASSAGE_MARK.exec(text);
  if (mark !== null) {
    const before = text.slice(0, mark.index).split('\n');
    problems.push({
      file: path,
      line: before.length,
      column: (before.at(-1)?.length ?? 0) + 1,
      cause: `${mark[0]} is how the prompt marks passages, so this text could pass for another`,
      fix: 'Write it differently, such as &lt;passage.',
    });
  }
  return problems;
}

function checkRepeated(part: CapabilityPart, field: 'routes' | 'tools' | 'context'): Problem[] {
  const names = part.value[field];
  return names.flatMap((name, index) => {
    if (names.indexOf(name) === index) return [];
    const place = { file: part.parsed.file, ...part.parsed.locate([field, index]) };
    return [{ ...place, cause: `${name} stands twice in ${field}`, fix: 'Keep one of the two.' }];
  });
}

/** The fields that refer to other files: how those are called, and where they stand. */
const FIELDS = {
  prompt: { kind: 'prompt', path: /^prompts\/([^/]+)\/([^/]+)\/prompt\.yaml$/ },
  guardrail: { kind: 'guardrail', path: /^guardrails\/([^/]+)\/([^/]+)\.(?:yaml|json)$/ },
  routes: { kind: 'route', path: /^routes\/([^/]+)\.yaml$/ },
  tools: { kind: 'tool', path: /^tools\/([^/]+)\.yaml$/ },
  context: { kind: 'knowledge file', path: /^(knowledge\/.+)$/ },
} as const;
type Field = keyof typeof FIELDS;

function listNames(source: Source, field: Field): string[] {
  return [...source.files.keys()].flatMap((file) => {
    const match = FIELDS[field].path.exec(file);
    return match === null ? [] : [match.slice(1).join('@')];
  });
}

function explainUnknown(input: {
  readonly part: CapabilityPart;
  readonly name: string;
  readonly path: readonly [Field, ...PropertyKey[]];
  readonly known: readonly string[];
}): Problem {
  const { part, name, path, known } = input;
  const { kind } = FIELDS[path[0]];
  return {
    file: part.parsed.file,
    ...part.parsed.locate(path),
    cause: `${kind} ${name} does not exist`,
    fix: known.length === 0 ? `Add a ${kind} first.` : `Use one of: ${known.join(', ')}.`,
  };
}
