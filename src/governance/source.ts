import { isUtf8 } from 'node:buffer';
import { hash } from 'node:crypto';
import type { Dirent } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { Problem } from './problem.ts';

const MAX_FILE_BYTES = 5_000_000;
const MAX_FILES = 10_000;
const READ_AT_ONCE = 32;

/** The files of a governance repository at one moment, by path with forward slashes. */
export interface Source {
  readonly files: ReadonlyMap<string, string>;
  /** SHA-256 over every path and content, hex: the version of what is served. */
  readonly version: string;
  /** What stands in the folder and cannot be read: to skip it would be to skip a rule. */
  readonly problems: readonly Problem[];
}

const READ = /\.(ya?ml|jsonl?|md|cedar|cedarschema)$/;
const GOVERNED = /^(tenants|capabilities|routes|tools|prompts|guardrails|policies|prices|workflows|rules)\//;
/** What editors leave beside a file, and what somebody set aside on purpose. */
const SET_ASIDE = /(~|\.(bak|orig|tmp|swp|disabled))$/;

/** Reads a whole governance repository into memory. Throws an Error that says what to do. */
export async function readSource(directory: string): Promise<Source> {
  const entries = await listEntries(directory);
  const found: string[] = [];
  const problems: Problem[] = [];
  for (const { path, entry } of entries) {
    if (entry.isSymbolicLink()) {
      if (READ.test(path) || GOVERNED.test(`${path}/`)) problems.push(explainLink(path));
    } else if (entry.isFile()) {
      if (READ.test(path)) found.push(path);
      else if (hasUnknownEnding(path)) problems.push(explainEnding(path));
    }
  }
  if (found.length > MAX_FILES)
    throw new Error(`${directory}: more than ${MAX_FILES} files; is it the right folder?`);
  const files = new Map<string, string>();
  found.sort();
  for (let from = 0; from < found.length; from += READ_AT_ONCE) {
    const paths = found.slice(from, from + READ_AT_ONCE);
    const texts = await Promise.all(paths.map((path) => readText(directory, path)));
    texts.forEach((text, index) => {
      if (typeof text === 'string') files.set(paths[index] ?? '', text);
      else problems.push(text);
    });
  }
  return { files, version: hashFiles(files), problems };
}

/** Hidden files are the tools' own (git, editors), and are never part of the repository. */
async function listEntries(directory: string): Promise<{ path: string; entry: Dirent }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (cause: unknown) => {
      throw new Error(
        `${directory}: cannot be read as a folder; pass the folder with goldenpath.yaml in it`,
        { cause },
      );
    },
  );
  return entries
    .map((entry) => ({
      path: relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'),
      entry,
    }))
    .filter(({ path }) => !path.split('/').some((part) => part.startsWith('.') || part === 'node_modules'));
}

async function readText(directory: string, path: string): Promise<string | Problem> {
  const file = join(directory, path);
  const { size } = await stat(file);
  if (size > MAX_FILE_BYTES) {
    return explain(path, `larger than ${MAX_FILE_BYTES} bytes`, 'Split it, or remove it.');
  }
  const bytes = await readFile(file);
  if (!isUtf8(bytes)) return explain(path, 'not valid UTF-8', 'Save it as UTF-8.');
  return bytes.toString('utf8');
}

function hasUnknownEnding(path: string): boolean {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return GOVERNED.test(path) && name.includes('.') && !SET_ASIDE.test(name);
}

function explainLink(path: string): Problem {
  return explain(
    path,
    'a symbolic link is not followed, since what it points at is not under review here',
    'Put the file itself in its place.',
  );
}

function explainEnding(path: string): Problem {
  return explain(
    path,
    'no rule says what this file is, so it would have no effect',
    'Correct its ending (.yaml, .json, .md or .cedar), or move it elsewhere.',
  );
}

function explain(file: string, cause: string, fix: string): Problem {
  return { file, line: 1, column: 1, cause, fix };
}

/** Lengths go in beside the bytes, so that no two trees hash alike by moving text between files. */
export function hashFiles(files: ReadonlyMap<string, string>): string {
  const parts: string[] = [];
  for (const [path, text] of files) parts.push(`${path.length}:${path}${text.length}:${text}`);
  return hash('sha256', parts.join(''), 'hex');
}
