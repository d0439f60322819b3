import type { KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ExportedLine } from './export.ts';
import { parseLine } from './line.ts';
import { rootFromProof } from './merkle.ts';
import type { Problem } from './problem.ts';
import { CHECKPOINTS, readCheckpoints, type ReadCheckpoint } from './read-claims.ts';
import { publicKeyFolder, readPublicKeys } from './signing-key.ts';

/** What the verifier found in an export. */
export interface ExportReport {
  readonly problems: readonly Problem[];
  readonly lines: number;
  /** Lines that a signed checkpoint proves. */
  readonly proven: number;
  readonly keys: readonly string[];
}

const RECORDS = 'records.jsonl';

/** Whether a folder is an export rather than a log. */
export function isExport(dir: string): boolean {
  return fs.existsSync(path.join(dir, 'export.json')) && fs.existsSync(path.join(dir, RECORDS));
}

/** Checks an export by itself: every line's hash, its path to a checkpoint, and the checkpoint's signature. */
export function verifyExport({
  dir,
  keys,
}: {
  dir: string;
  keys?: ReadonlyMap<string, KeyObject>;
}): ExportReport {
  const problems: Problem[] = [];
  const report = (problem: Problem) => void problems.push(problem);
  const trusted = keys ?? readPublicKeys(publicKeyFolder(dir));
  const checkpoints = readCheckpoints({
    file: path.join(dir, CHECKPOINTS),
    name: CHECKPOINTS,
    keys: trusted,
    report,
  });
  let [lines, proven] = [0, 0];
  for (const text of fs.readFileSync(path.join(dir, RECORDS), 'utf8').split('\n')) {
    if (text === '') continue;
    lines += 1;
    const exported = parseExported(text);
    const wrong = exported === undefined ? 'the line is no exported line' : findFault(exported, checkpoints);
    if (wrong !== undefined) report({ kind: 'wrong_proof', file: RECORDS, line: lines, detail: wrong });
    else if (exported?.inclusion !== undefined) proven += 1;
  }
  return { problems, lines, proven, keys: [...new Set(checkpoints.map(({ key }) => key))] };
}

function findFault(
  { text, inclusion, file, line }: ExportedLine,
  checkpoints: readonly ReadCheckpoint[],
): string | undefined {
  const parsed = parseLine(Buffer.from(text));
  if (typeof parsed === 'string') return `${file}:${line}: ${parsed}`;
  if (inclusion === undefined) return undefined;
  const checkpoint = checkpoints.find(
    ({ writer, size }) => writer === inclusion.writer && size === inclusion.size,
  );
  if (checkpoint === undefined)
    return `${file}:${line}: no signed checkpoint has ${inclusion.size} lines of ${inclusion.writer}`;
  if (inclusion.index !== parsed.seq) return `${file}:${line}: the proof is for another line`;
  const root = rootFromProof({
    leaf: parsed.hash,
    index: inclusion.index,
    size: inclusion.size,
    proof: inclusion.proof,
  });
  return root === checkpoint.root
    ? undefined
    : `${file}:${line}: the proof does not lead to the root that was signed`;
}

function parseExported(text: string): ExportedLine | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isExported(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isExported(value: unknown): value is ExportedLine {
  if (typeof value !== 'object' || value === null) return false;
  const { file, line, text, inclusion } = value as Partial<ExportedLine>; // narrowing an object to read its fields
  if (typeof file !== 'string' || typeof line !== 'number' || typeof text !== 'string') return false;
  if (inclusion === undefined) return true;
  const { writer, index, size, proof } = inclusion;
  return (
    typeof writer === 'string' &&
    Number.isSafeInteger(index) &&
    Number.isSafeInteger(size) &&
    Array.isArray(proof) &&
    proof.every((hash) => typeof hash === 'string')
  );
}
