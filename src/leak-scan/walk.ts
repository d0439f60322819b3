import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import ignore, { type Ignore } from 'ignore';

/** A file below the scanned directory, or why something there is not looked at. */
export type Visit =
  | { readonly kind: 'file'; readonly path: string; readonly file: string }
  | { readonly kind: 'ignored' | 'links' | 'unreadable'; readonly file: string };

/** The rules of one .gitignore, and the directory that they speak of. */
interface IgnoreFile {
  readonly base: string;
  readonly rules: Ignore;
}

const NEVER = new Set(['.git', 'node_modules']);

/** Visits every file below a directory, in a stable order, as git would see it. Throws where it is none. */
export function* walkDirectory(directory: string): Generator<Visit> {
  const root = resolve(directory);
  if (!statSync(root).isDirectory()) throw new Error(`${directory} is not a directory`);
  const above = readIgnoresAbove(root);
  // Whoever names a directory that git ignores wants to see into it, and not to hear that nothing was found.
  yield* walk(root, { root, ignores: isIgnored(`${root}${sep}`, above) ? [] : above });
}

function* walk(
  directory: string,
  context: { readonly root: string; readonly ignores: readonly IgnoreFile[] },
): Generator<Visit> {
  const toName = (path: string): string => relative(context.root, path).split(sep).join('/') || '.';
  const entries = readEntries(directory);
  if (entries === undefined) {
    yield { kind: 'unreadable', file: toName(directory) };
    return;
  }
  const ignores = [...context.ignores, ...readIgnore(directory, '.gitignore')];
  for (const entry of entries) {
    const path = join(directory, entry.name);
    const file = toName(path);
    if (entry.isSymbolicLink()) yield { kind: 'links', file }; // it may lead out of the directory, or round
    else if (NEVER.has(entry.name)) continue;
    else if (isIgnored(entry.isDirectory() ? `${path}${sep}` : path, ignores))
      yield { kind: 'ignored', file };
    else if (entry.isDirectory()) yield* walk(path, { root: context.root, ignores });
    else if (entry.isFile()) yield { kind: 'file', path, file };
  }
}

function readEntries(directory: string): ReturnType<typeof listEntries> | undefined {
  try {
    return listEntries(directory);
  } catch {
    return undefined; // the visitor is told
  }
}

const listEntries = (directory: string) =>
  readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));

/** The deepest .gitignore with an opinion decides, as in git. */
function isIgnored(path: string, ignores: readonly IgnoreFile[]): boolean {
  let isOut = false;
  for (const { base, rules } of ignores) {
    const name = path
      .slice(base.length + 1)
      .split(sep)
      .join('/');
    if (name === '') continue; // a directory has no say about itself
    const verdict = rules.test(name);
    if (verdict.ignored) isOut = true;
    if (verdict.unignored) isOut = false;
  }
  return isOut;
}

/** The rules between the scanned directory and the root of its git working copy, outermost first. */
function readIgnoresAbove(root: string): readonly IgnoreFile[] {
  const above: IgnoreFile[] = [];
  for (let directory = root; ; directory = dirname(directory)) {
    if (directory !== root) above.unshift(...readIgnore(directory, '.gitignore'));
    if (statSync(join(directory, '.git'), { throwIfNoEntry: false }) !== undefined) {
      return [...readIgnore(directory, join('.git', 'info', 'exclude')), ...above];
    }
    if (dirname(directory) === directory) return []; // no working copy: what stands above has no say
  }
}

function readIgnore(base: string, name: string): readonly IgnoreFile[] {
  try {
    return [{ base, rules: ignore().add(readFileSync(join(base, name), 'utf8')) }];
  } catch {
    return []; // absent, in most directories
  }
}
