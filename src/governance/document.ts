import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import type { Problem } from './problem.ts';

/** A YAML or JSON file that knows where each of its values stands. */
export interface ParsedFile {
  readonly file: string;
  readonly value: unknown;
  locate(path: readonly PropertyKey[]): { line: number; column: number };
}

/** Far above what people write by hand; a file of aliases of aliases is over it at once. */
const MAX_ALIASES = 100;

/**
 * Parses a file; a syntax error, a duplicate key, an unknown tag or an alias bomb becomes a problem. JSON must
 * be JSON, and is then read as YAML, of which it is a part, because that knows lines and duplicate keys.
 */
export function parseFile(file: string, text: string): ParsedFile | Problem[] {
  const notJson = file.endsWith('.json') ? explainInvalidJson(file, text) : undefined;
  if (notJson !== undefined) return [notJson];
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
    // A warning is a tag that nobody knows: its value would not be what its author meant.
    // What follows the first fault is mostly its echo.
    const fault = document.errors[0] ?? document.warnings[0];
    if (fault !== undefined) {
      const { line, col: column } = lines.linePos(fault.pos[0]);
      return [{ file, line, column, cause: describeSyntaxError(fault.message), fix: 'Correct the syntax.' }];
    }
    return {
      file,
      value: document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown, // yaml types it as any
      locate: (path) => locate(document, lines, path),
    };
  } catch (error) {
    return [explainUnreadable(file, error)];
  }
}

/** Thrown rather than listed by the parser: aliases without end, or without an anchor. */
function explainUnreadable(file: string, error: unknown): Problem {
  const cause = describeSyntaxError(error instanceof Error ? error.message : 'cannot be read');
  return { file, line: 1, column: 1, cause, fix: 'Write the values out, without aliases.' };
}

function explainInvalidJson(file: string, text: string): Problem | undefined {
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    const message = error instanceof Error ? firstLine(error.message) : 'unreadable';
    const [, line = '1', column = '1'] = /\(line (\d+) column (\d+)\)/.exec(message) ?? [];
    const cause = `not valid JSON: ${message.replace(/ in JSON at position .*$| at position .*$/, '')}`;
    return { file, line: Number(line), column: Number(column), cause, fix: 'Correct the syntax.' };
  }
}

/** Walks up from the path until a value is found that stands in the file: an absent key is reported at its parent. */
function locate(
  document: Document,
  lines: LineCounter,
  path: readonly PropertyKey[],
): { line: number; column: number } {
  for (let depth = path.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(path.slice(0, depth), true);
    if (isNode(node) && node.range) {
      const at = lines.linePos(node.range[0]);
      return { line: at.line, column: at.col };
    }
  }
  return { line: 1, column: 1 };
}

/** Checks a parsed file against its schema: the typed value, or every problem with its place. */
export function validateFile<Schema extends z.ZodType>(
  parsed: ParsedFile,
  schema: Schema,
): z.infer<Schema> | Problem[] {
  const result = schema.safeParse(parsed.value);
  if (result.success) return result.data;
  return result.error.issues.flatMap((issue) => {
    // Each unknown key is a problem of its own, at its own place.
    const paths =
      issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
    return paths.map((path) => ({
      file: parsed.file,
      ...parsed.locate(path),
      ...describeIssue(issue, path.length === 0 ? 'the file' : path.join('.')),
    }));
  });
}

/** Says an issue of zod in words for who wrote the file. */
function describeIssue(issue: z.core.$ZodIssue, name: string): { cause: string; fix: string } {
  switch (issue.code) {
    case 'unrecognized_keys':
      return { cause: `${name} is not known here`, fix: `Remove ${name}, or correct its spelling.` };
    case 'invalid_type':
      return issue.message.endsWith('received undefined')
        ? { cause: `${name} is missing`, fix: `Add ${name} (${TYPES[issue.expected] ?? issue.expected}).` }
        : {
            cause: `${name} has a value of another type`,
            fix: `Give ${name} ${TYPES[issue.expected] ?? issue.expected}.`,
          };
    case 'invalid_value':
      return {
        cause: `${name} has a value that it cannot have`,
        fix: `Use one of: ${issue.values.map(String).join(', ')}.`,
      };
    case 'too_small':
      return Number(issue.minimum) === 1 && issue.origin !== 'number' && issue.origin !== 'int'
        ? { cause: `${name} is empty`, fix: `Give ${name} a value.` }
        : { cause: `${name} is too small`, fix: `Give ${name} at least ${issue.minimum}.` };
    case 'too_big':
      return { cause: `${name} is too large`, fix: `Give ${name} at most ${issue.maximum}.` };
    default:
      return {
        cause: `${name}: ${issue.message}`,
        fix: `Correct ${name}; the published JSON Schema says what it may be.`,
      };
  }
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
};

/** The parser's own words, without the place that stands before them already. */
function describeSyntaxError(message: string): string {
  return firstLine(message)
    .replace(/ at line \d+, column \d+:?$/, '')
    .replace('Maximum call stack size exceeded', 'nested too deeply to be read')
    .replace('; please use YAML.parseAllDocuments()', '; write one file each');
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
