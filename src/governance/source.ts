import { readdir, readFile, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { hash } from 'node:crypto';

const MAX_FILE_BYTES = 5_000_000;
const MAX_FILES = 10_000;

/** The files of a governance repository at one moment, by path with forward slashes. */
export interface Source {
  readonly files: ReadonlyMap<string, string>;
  /** SHA-256 over every path and content, hex: the version of what is served. */
  readonly version: string;
}

const READ = /\.(ya?ml|json|md|cedar|cedarschema)$/;

/** Reads a whole governance repository into memory. Throws an Error that says what to do. */
export async function readSource(directory: string): Promise<Source> {
  const found = await listFiles(directory);
  const files = new Map<string, string>();
  for (const path of found.sort()) {
    const { size } = await stat(join(directory, path));
    if (size > MAX_FILE_BYTES)
      throw new Error(`${path}: larger than ${MAX_FILE_BYTES} bytes; split or remove it`);
    files.set(path, await readFile(join(directory, path), 'utf8'));
  }
  return { files, version: hashFiles(files) };
}

async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(
    (cause: unknown) => {
      throw new Error(
        `${directory}: cannot be read as a folder; pass the folder with goldenpath.yaml in it`,
        { cause },
      );
    },
  );
  const paths = entries
    .filter((entry) => entry.isFile() && READ.test(entry.name))
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((path) => !path.split('/').some((part) => part.startsWith('.') || part === 'node_modules'));
  if (paths.length > MAX_FILES)
    throw new Error(`${directory}: more than ${MAX_FILES} files; is it the right folder?`);
  return paths;
}

/** Lengths go in beside the bytes, so that no two trees hash alike by moving text between files. */
export function hashFiles(files: ReadonlyMap<string, string>): string {
  const parts: string[] = [];
  for (const [path, text] of files) parts.push(`${path.length}:${path}${text.length}:${text}`);
  return hash('sha256', parts.join(''), 'hex');
}
