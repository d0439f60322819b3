import { hash } from 'node:crypto';
import type { z } from 'zod';
import {
  PROMPT_LAYERS,
  type Prompt,
  type PromptVariable,
  type TemplatePart,
  type VariableType,
} from '../road/governed.ts';
import { explainVariableMismatch } from '../road/variable.ts';
import type { ParsedFile } from './document.ts';
import type { Problem } from './problem.ts';
import type { promptSchema } from './schemas.ts';
import type { Source } from './source.ts';

type PromptFile = z.infer<typeof promptSchema>;

/** Compiles one version of a prompt: reads its layers, splits the templates, and hashes the whole. */
export function compilePrompt(input: {
  readonly name: string;
  readonly version: string;
  readonly file: PromptFile;
  readonly parsed: ParsedFile;
  readonly source: Source;
}): { prompt: Prompt | undefined; problems: Problem[] } {
  const { file, parsed, source } = input;
  const folder = parsed.file.slice(0, parsed.file.lastIndexOf('/'));
  const problems = [...checkLayerOrder(file, parsed), ...checkDefaults(file, parsed)];
  const hashed = [`${input.name}@${input.version}`, JSON.stringify(file.variables)];

  const readTemplate = (
    relative: string,
    path: readonly PropertyKey[],
    freeTextAllowed: 'free-text' | 'typed-only',
  ) => {
    const text = source.files.get(`${folder}/${relative}`);
    if (text === undefined) {
      problems.push({
        file: parsed.file,
        ...parsed.locate(path),
        cause: `${relative} is not in ${folder}/`,
        fix: `Write ${folder}/${relative}, or correct the name.`,
      });
      return [];
    }
    hashed.push(relative, text);
    const parts = splitTemplate(text.trim());
    problems.push(...checkVariables({ parts, file, at: `${folder}/${relative}`, text, freeTextAllowed }));
    return parts;
  };

  const layers = file.layers.map((layer, index) => ({
    layer: layer.layer,
    owner: layer.owner,
    parts: readTemplate(layer.file, ['layers', index, 'file'], 'typed-only'),
  }));
  const userPrefix =
    file.userPrefix === undefined
      ? []
      : readTemplate(file.userPrefix.file, ['userPrefix', 'file'], 'free-text');
  if (problems.length > 0) return { prompt: undefined, problems };

  const variables: Record<string, PromptVariable> = {};
  for (const [name, variable] of Object.entries(file.variables)) {
    variables[name] = { type: toVariableType(variable), default: variable.default };
  }
  const digest = hash('sha256', JSON.stringify(hashed), 'hex');
  return {
    prompt: { name: input.name, version: input.version, hash: digest, layers, userPrefix, variables },
    problems: [],
  };
}

/** `{{name}}` is a variable; everything else stands as it is. Values are never read as templates again. */
export function splitTemplate(text: string): TemplatePart[] {
  return text
    .split(/\{\{\s*([a-zA-Z0-9_]+)\s*\}\}/)
    .map((part, index) => (index % 2 === 0 ? { literal: part } : { variable: part }))
    .filter((part) => !('literal' in part) || part.literal !== '');
}

function checkLayerOrder(file: PromptFile, parsed: ParsedFile): Problem[] {
  const ranks = file.layers.map((layer) => PROMPT_LAYERS.indexOf(layer.layer));
  const wrong = ranks.findIndex((rank, index) => index > 0 && rank <= (ranks[index - 1] ?? -1));
  if (wrong === -1) return [];
  return [
    {
      file: parsed.file,
      ...parsed.locate(['layers', wrong, 'layer']),
      cause: `layer ${file.layers[wrong]?.layer} stands after a layer that it must precede, or twice`,
      fix: `Order the layers: ${PROMPT_LAYERS.join(', ')}; each at most once.`,
    },
  ];
}

function checkVariables(input: {
  parts: readonly TemplatePart[];
  file: PromptFile;
  at: string;
  text: string;
  freeTextAllowed: 'free-text' | 'typed-only';
}): Problem[] {
  const problems: Problem[] = [];
  for (const part of input.parts) {
    if (!('variable' in part)) continue;
    const { variables } = input.file;
    // `{{constructor}}` would otherwise be found, on every object.
    const declared = Object.hasOwn(variables, part.variable) ? variables[part.variable] : undefined;
    const place = { file: input.at, ...locateInText(input.text, part.variable) };
    if (declared === undefined) {
      problems.push({
        ...place,
        cause: `{{${part.variable}}} is not declared in prompt.yaml`,
        fix: `Declare ${part.variable} under variables, with its type.`,
      });
    } else if (input.freeTextAllowed === 'typed-only' && mayCarryText(declared)) {
      // A layer is neither masked nor guarded: a client's words in it are an injection with the platform's
      // authority, and a long number may be somebody's card.
      problems.push({
        ...place,
        cause: `{{${part.variable}}} may carry a client's own text or data, and this layer speaks with the platform's authority`,
        fix: `Move it to userPrefix, or give it the type enum, boolean, date, or integer within ±${MAX_LAYER_INTEGER}.`,
      });
    }
  }
  return problems;
}

/** Shorter than any number of a card, an account or a person that is masked. */
const MAX_LAYER_INTEGER = 99_999_999;

function mayCarryText(variable: PromptFile['variables'][string]): boolean {
  if (variable.type === 'integer')
    return Math.max(Math.abs(variable.min), Math.abs(variable.max)) > MAX_LAYER_INTEGER;
  return variable.type === 'text' || variable.type === 'identifier';
}

function checkDefaults(file: PromptFile, parsed: ParsedFile): Problem[] {
  return Object.entries(file.variables).flatMap(([name, variable]) => {
    if (variable.type === 'integer' && variable.min > variable.max) {
      const place = { file: parsed.file, ...parsed.locate(['variables', name, 'min']) };
      return [
        { ...place, cause: `no number is from ${variable.min} to ${variable.max}`, fix: 'Swap the two.' },
      ];
    }
    if (variable.default === undefined) return [];
    const cause = explainVariableMismatch(toVariableType(variable), variable.default);
    if (cause === undefined) return [];
    return [
      {
        file: parsed.file,
        ...parsed.locate(['variables', name, 'default']),
        cause: `the default of ${name} ${cause}`,
        fix: 'Give a default of the declared type.',
      },
    ];
  });
}

function toVariableType(variable: PromptFile['variables'][string]): VariableType {
  switch (variable.type) {
    case 'enum':
      return { kind: 'enum', values: variable.values };
    case 'integer':
      return { kind: 'integer', min: variable.min, max: variable.max };
    case 'text':
      return { kind: 'text', maxCharacters: variable.maxCharacters };
    default:
      return { kind: variable.type };
  }
}

function locateInText(text: string, variable: string): { line: number; column: number } {
  const offset = Math.max(0, text.search(new RegExp(`\\{\\{\\s*${variable}\\s*\\}\\}`)));
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}
