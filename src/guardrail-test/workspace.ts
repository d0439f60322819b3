import { basename, resolve } from 'node:path';
import { parseFile, type ParsedFile } from '../governance/document.ts';
import { readGuardrailCases, type GuardrailCases } from '../governance/guardrail-cases.ts';
import { checkGuardrailConfig } from '../governance/guardrail-files.ts';
import type { Problem } from '../governance/problem.ts';
import { readSource } from '../governance/source.ts';
import { parseGuardrailConfig, type GuardrailConfig } from '../guardrail-engine/index.ts';

/** One version of a guardrail, as it stands in a file. `version` is a number, or DRAFT where the file has none. */
export interface GuardrailFile {
  readonly name: string;
  readonly version: string;
  readonly file: string;
  readonly config: GuardrailConfig;
}

/** A file of cases with the name of the guardrail that it is for. */
export interface CaseFile extends GuardrailCases {
  readonly name: string;
  /** Where the file names a version. */
  readonly version: string | undefined;
}

/** The guardrails and cases of a folder. */
export interface Workspace {
  readonly guardrails: readonly GuardrailFile[];
  readonly caseFiles: readonly CaseFile[];
  /** What cannot be read or evaluated: nothing of the folder is to be believed then. */
  readonly problems: readonly Problem[];
}

const NUMBERED = /(?:^|\/)([^/]+)\/([1-9][0-9]{0,7})\.json$/;
const PLAIN = /(?:^|\/)([^/]+)\.json$/;
const CASES_BELOW = /(?:^|\/)([^/]+)\/cases\/[^/]+\.(?:ya?ml|jsonl)$/;
const CASES_BESIDE = /(?:^|\/)([^/]+)\.cases\.(?:ya?ml|jsonl)$/;

/**
 * Finds guardrails and cases in a folder: of a governance repository what its `guardrails/` has; elsewhere
 * NAME/VERSION.json and NAME.json, NAME/cases/ and NAME.cases.yaml or .jsonl, wherever they stand.
 */
export async function readWorkspace(directory: string): Promise<Workspace> {
  const source = await readSource(directory);
  const isRepository = source.files.has('goldenpath.yaml');
  const isOurs = (file: string) => !isRepository || file.startsWith('guardrails/');
  const problems: Problem[] = source.problems.filter(({ file }) => isOurs(file));
  const guardrails: GuardrailFile[] = [];
  const caseFiles: CaseFile[] = [];
  const keep = <Read>(read: Read | Problem[] | undefined, list: Read[]) => {
    if (Array.isArray(read)) problems.push(...read);
    else if (read !== undefined) list.push(read);
  };
  for (const [file, text] of source.files) {
    if (!isOurs(file)) continue;
    // A folder that is itself a guardrail's has the name.
    const path = `${basename(resolve(directory))}/${file}`;
    const [, folder] = CASES_BELOW.exec(path) ?? CASES_BESIDE.exec(path) ?? [];
    if (folder !== undefined) keep(readCaseFile({ file, text, folder }), caseFiles);
    else keep(readGuardrailFile({ file, text, path }), guardrails);
  }
  problems.push(...findTwins(guardrails));
  return { guardrails, caseFiles, problems };
}

function readCaseFile(input: { file: string; text: string; folder: string }): CaseFile | Problem[] {
  const read = readGuardrailCases(input.file, input.text);
  if (Array.isArray(read)) return read;
  const [name = input.folder, version] = read.guardrail?.split('@') ?? [];
  return { ...read, name, version };
}

function readGuardrailFile(input: {
  file: string;
  text: string;
  path: string;
}): GuardrailFile | Problem[] | undefined {
  const { file, text, path } = input;
  const [, folder, number] = NUMBERED.exec(path) ?? [];
  const [, plain] = PLAIN.exec(path) ?? [];
  const name = folder ?? plain;
  if (name === undefined) return undefined;
  const parsed = parseFile(file, text);
  // Other JSON is somebody else's.
  if (Array.isArray(parsed)) return text.includes('blockedInputMessaging') ? parsed : undefined;
  if (!looksLikeGuardrail(parsed.value)) return undefined;
  return toGuardrailFile({ name, version: number ?? 'DRAFT', parsed });
}

/** A guardrail of a file that was parsed, or what is wrong with it. */
export function toGuardrailFile(input: {
  readonly name: string;
  readonly version: string;
  readonly parsed: ParsedFile;
}): GuardrailFile | Problem[] {
  const { name, version, parsed } = input;
  const problems = checkGuardrailConfig({ name, value: parsed.value, parsed });
  const read = parseGuardrailConfig(parsed.value);
  if (problems.length > 0 || !read.ok) return problems;
  return { name, version, file: parsed.file, config: read.config };
}

function looksLikeGuardrail(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'blockedInputMessaging' in value;
}

function findTwins(guardrails: readonly GuardrailFile[]): Problem[] {
  const byId = Map.groupBy(guardrails, ({ name, version }) => `${name}@${version}`);
  return [...byId].flatMap(([id, [first, second]]) =>
    first === undefined || second === undefined
      ? []
      : [
          {
            file: second.file,
            line: 1,
            column: 1,
            cause: `${first.file} is ${id} too`,
            fix: 'Name a folder that has one of the two.',
          },
        ],
  );
}

/** The guardrail that a reference (NAME or NAME@VERSION) means: without a version, the highest one. */
export function findGuardrail(guardrails: readonly GuardrailFile[], reference: string): GuardrailFile {
  const [name, version] = reference.split('@');
  const named = guardrails
    .filter((one) => one.name === name)
    .toSorted((a, b) => rankOf(a.version) - rankOf(b.version));
  const found = version === undefined ? named.at(-1) : named.find((one) => one.version === version);
  if (found !== undefined) return found;
  const known = guardrails.map((one) => `${one.name}@${one.version}`).toSorted();
  throw new Error(`there is no guardrail ${reference} here; there are ${known.join(', ') || 'none'}`);
}

// What has no number is what is being worked on.
function rankOf(version: string): number {
  return version === 'DRAFT' ? Number.MAX_SAFE_INTEGER : Number(version);
}
