import type { z } from 'zod';
import { parseFile, validateFile, type ParsedFile } from './document.ts';
import type { Problem } from './problem.ts';
import { guardrailCaseSchema, guardrailCasesSchema } from './schemas.ts';
import type { Source } from './source.ts';

/** Where a repository has the cases of a guardrail, by its name. */
export const GUARDRAIL_CASES = /^guardrails\/([^/]+)\/cases\/[^/]+\.(?:yaml|jsonl)$/;

/** A text, and what a guardrail should make of it. */
export type GuardrailCase = z.infer<typeof guardrailCaseSchema> & {
  /** Where it stands in its file. */
  readonly line: number;
};

/** A file of cases. */
export interface GuardrailCases {
  readonly file: string;
  /** NAME or NAME@VERSION, where the file says for which guardrail it is. */
  readonly guardrail: string | undefined;
  readonly cases: readonly GuardrailCase[];
}

/** Reads a file of cases: YAML, or JSON Lines with one case a line. */
export function readGuardrailCases(file: string, text: string): GuardrailCases | Problem[] {
  if (file.endsWith('.jsonl')) return readJsonLines(file, text);
  const parsed = parseFile(file, text);
  if (Array.isArray(parsed)) return parsed;
  const value = validateFile(parsed, guardrailCasesSchema);
  if (Array.isArray(value)) return value;
  const cases = value.cases.map((one, index) => ({ ...one, line: parsed.locate(['cases', index]).line }));
  return { file, guardrail: value.guardrail, cases };
}

function readJsonLines(file: string, text: string): GuardrailCases | Problem[] {
  const problems: Problem[] = [];
  const cases: GuardrailCase[] = [];
  text.split('\n').forEach((content, index) => {
    if (content.trim() === '') return;
    const line = index + 1;
    const parsed = parseLine(file, content, line);
    const value = Array.isArray(parsed) ? parsed : validateFile(parsed, guardrailCaseSchema);
    if (Array.isArray(value)) problems.push(...value);
    else cases.push({ ...value, line });
  });
  if (cases.length === 0 && problems.length === 0)
    problems.push({ file, line: 1, column: 1, cause: 'no cases', fix: 'Write one case a line, as JSON.' });
  return problems.length > 0 ? problems : { file, guardrail: undefined, cases };
}

function parseLine(file: string, content: string, line: number): ParsedFile | Problem[] {
  try {
    return { file, value: JSON.parse(content) as unknown, locate: () => ({ line, column: 1 }) }; // checked next
  } catch {
    return [{ file, line, column: 1, cause: 'the line is not JSON', fix: 'Write one case a line, as JSON.' }];
  }
}

/** What is wrong with a repository's cases: shape, and guardrails that there are not. */
export function checkGuardrailCases(source: Source, versionFiles: ReadonlyMap<string, string>): Problem[] {
  const versions = [...versionFiles.keys()].flatMap((id) => /^guardrails\/(.+)$/.exec(id)?.[1] ?? []);
  return [...source.files].flatMap(([file, text]) => {
    const [, folder] = GUARDRAIL_CASES.exec(file) ?? [];
    if (folder === undefined) return [];
    const read = readGuardrailCases(file, text);
    if (Array.isArray(read)) return read;
    const wanted = read.guardrail ?? folder;
    const isThere = versions.some((id) => id === wanted || id.split('@')[0] === wanted);
    if (isThere) return [];
    const cause = `there is no guardrail ${wanted}`;
    const fix = `Use one of: ${versions.toSorted().join(', ')}.`;
    return [{ file, line: 1, column: 1, cause, fix }];
  });
}
