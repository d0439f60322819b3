import type { KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { checkpointFile } from './checkpoint-file.ts';
import { isSignedBy, parseCheckpoint, type Checkpoint } from './checkpoint.ts';
import type { Claim } from './claim.ts';
import { parseLine } from './line.ts';
import type { Problem } from './problem.ts';
import { listSegments, listWriters, readFirstLine } from './read-log.ts';

/** A checkpoint, and the line of the file that it was read from. */
export interface ReadCheckpoint extends Checkpoint {
  readonly text: string;
  readonly line: number;
}

export interface CheckpointSource {
  readonly file: string;
  /** The name for problems. */
  readonly name: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
  readonly report: (problem: Problem) => void;
}

/** Reads checkpoints whose signature is good, and reports the others. */
export function readCheckpoints({ file, name, keys, report }: CheckpointSource): ReadCheckpoint[] {
  const good: ReadCheckpoint[] = [];
  if (!fs.existsSync(file)) return good;
  for (const [index, text] of fs.readFileSync(file, 'utf8').split('\n').entries()) {
    if (text === '') continue;
    const at = { file: name, line: index + 1 };
    const checkpoint = parseCheckpoint(text);
    const key = checkpoint === undefined ? undefined : keys.get(checkpoint.key);
    if (checkpoint === undefined)
      report({ ...at, kind: 'unreadable_checkpoint', detail: 'the line is no checkpoint' });
    else if (key === undefined)
      report({
        ...at,
        kind: 'unknown_key',
        detail: `it names the key ${checkpoint.key}, which is not trusted here`,
      });
    else if (!isSignedBy(text, key))
      report({ ...at, kind: 'bad_signature', detail: `it was not signed with the key ${checkpoint.key}` });
    else good.push({ ...checkpoint, text, line: at.line });
  }
  return good;
}

/** What a signed checkpoint claims. */
export function claimOf(checkpoint: ReadCheckpoint, name: string): Claim {
  const { writer, size, head, root, line, atMs } = checkpoint;
  const source = `the checkpoint ${name}:${line}, signed at ${new Date(atMs).toISOString()},`;
  return { writer, size, head, root, isFinal: false, source };
}

/** What the first line of every writer claims about those before it. */
export function readPredecessorClaims(auditDir: string): Claim[] {
  return listWriters(auditDir).flatMap((writer) => {
    const [first] = listSegments(path.join(auditDir, writer));
    if (first === undefined) return [];
    const bytes = readFirstLine(first);
    const line = bytes === undefined ? undefined : parseLine(bytes);
    if (typeof line !== 'object' || line.record.kind !== 'log.writer') return [];
    const source = `the first line of ${writer}`;
    return line.record.predecessors.map(({ writer, lines, head, state }) => ({
      writer,
      size: lines,
      head,
      isFinal: state === 'ended',
      source,
    }));
  });
}

/** The name of a log's own checkpoints in problems. */
export const CHECKPOINTS = path.basename(checkpointFile(''));
