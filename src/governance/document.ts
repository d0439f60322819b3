import { isNode, LineCounter, parseDocument, type Document } from 'yaml';
import type { z } from 'zod';
import type { Problem } from './problem.ts';

/** A YAML or JSON file that knows where each of its values stands. */
export interface ParsedFile {
  readonly file: string;
  readonly value: unknown;
  locate(path: readonly PropertyKey[]): { line: number; column: number };
}

/** Parses a file; a syntax error, a duplicate key or an alias bomb becomes a problem. JSON is read as YAML, of which it is a part. */
export function parseFile(file: string, text: string): ParsedFile | Problem[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true });
  if (document.errors.length > 0) {
    return document.errors.map((error) => {
      const at = lines.linePos(error.pos[0]);
      return {
        file,
        line: at.line,
        column: at.col,
        cause: firstLine(error.message),
        fix: 'Correct the syntax.',
      };
    });
  }
  return {
    file,
    value: document.toJS({ maxAliasCount: 100 }) as unknown, // yaml types it as any
    locate: (path) => locate(document, lines, path),
  };
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
  return result.error.issues.map((issue) => {
    const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
    const path = unknownKey === undefined ? issue.path : [...issue.path, unknownKey];
    const { line, column } = parsed.locate(path);
    const name = path.length === 0 ? 'the file' : path.join('.');
    return {
      file: parsed.file,
      line,
      column,
      cause: `${name}: ${issue.message}`,
      fix: suggestFix(issue, name),
    };
  });
}

function suggestFix(issue: z.core.$ZodIssue, name: string): string {
  if (issue.code === 'unrecognized_keys') return `Remove ${name}, or correct its spelling.`;
  if (issue.code === 'invalid_value') return `Use one of: ${issue.values.map(String).join(', ')}.`;
  if (issue.code === 'invalid_type') return `Give ${name} a value of type ${issue.expected}.`;
  return `Correct ${name}; the published JSON Schema says what it may be.`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0] ?? text;
}
