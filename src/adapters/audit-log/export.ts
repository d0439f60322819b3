import * as fs from 'node:fs';
import * as path from 'node:path';
import { findNewestCheckpoints } from './coverage.ts';
import { MerkleTree } from './merkle.ts';
import { CHECKPOINTS, type ReadCheckpoint } from './read-claims.ts';
import { listSegments, scanLines } from './read-log.ts';
import type { FoundAttempt, FoundLine } from './search.ts';
import { publicKeyFolder } from './signing-key.ts';
import { makeFolder } from '../local-state/files.ts';

/** One line of `records.jsonl` in an export. */
export interface ExportedLine {
  readonly file: string;
  readonly line: number;
  /** The line of the log, byte for byte. */
  readonly text: string;
  /** What proves it: the leaf's index, and the checkpoint that the path leads to. Absent where none covers it yet. */
  readonly inclusion?: {
    readonly writer: string;
    readonly index: number;
    readonly size: number;
    readonly proof: readonly string[];
  };
}

export interface ExportSummary {
  readonly attempts: number;
  readonly lines: number;
  /** Lines that no checkpoint covered yet. */
  readonly unproven: number;
}

/**
 * Writes attempts into a folder that an auditor can verify without the log: the lines, an inclusion proof each,
 * the signed checkpoints that the proofs lead to, and the public keys. Throws where the log does not fit them.
 */
export function exportAttempts(options: {
  auditDir: string;
  outDir: string;
  attempts: readonly FoundAttempt[];
  madeAtMs: number;
}): ExportSummary {
  const { auditDir, outDir, attempts } = options;
  makeFolder(outDir, 0o755);
  if (fs.readdirSync(outDir).length > 0) throw new Error(`${outDir} is not empty: name a new folder`);
  const newest = new Map(
    findNewestCheckpoints(auditDir).map((checkpoint) => [checkpoint.writer, checkpoint]),
  );
  const lines = attempts.flatMap(({ opened, closed, notes }) =>
    [opened, closed, ...notes].filter((line) => line !== undefined),
  );
  const exported = [...Map.groupBy(lines, writerOf)].flatMap(([writer, own]) =>
    proveLines({ auditDir, writer, lines: own, checkpoint: newest.get(writer) }),
  );
  const used = new Set(exported.flatMap(({ inclusion }) => inclusion?.writer ?? []));
  const usedCheckpoints = [...newest.values()].filter(({ writer }) => used.has(writer));
  writeJsonLines(
    path.join(outDir, 'records.jsonl'),
    exported.map((line) => JSON.stringify(line)),
  );
  writeJsonLines(
    path.join(outDir, CHECKPOINTS),
    usedCheckpoints.map(({ text }) => text),
  );
  fs.cpSync(publicKeyFolder(auditDir), publicKeyFolder(outDir), { recursive: true });
  const summary = {
    attempts: attempts.length,
    lines: exported.length,
    unproven: exported.filter(({ inclusion }) => inclusion === undefined).length,
  };
  fs.writeFileSync(
    path.join(outDir, 'export.json'),
    `${JSON.stringify({ format: 1, madeAtMs: options.madeAtMs, ...summary }, undefined, 2)}\n`,
  );
  return summary;
}

/** The folder of a line's file is its writer. */
function writerOf(line: FoundLine): string {
  return path.dirname(line.file);
}

function proveLines(own: {
  auditDir: string;
  writer: string;
  lines: readonly FoundLine[];
  checkpoint: ReadCheckpoint | undefined;
}): ExportedLine[] {
  const { writer, checkpoint } = own;
  const tree = checkpoint === undefined ? undefined : growTree(path.join(own.auditDir, writer), checkpoint);
  return own.lines.map(({ file, line, text, seq }) => {
    if (tree === undefined || checkpoint === undefined || seq >= checkpoint.size) return { file, line, text };
    const inclusion = { writer, index: seq, size: checkpoint.size, proof: tree.inclusionProof(seq) };
    return { file, line, text, inclusion };
  });
}

const HASH_FROM_END = 66;

function growTree(writerDir: string, checkpoint: ReadCheckpoint): MerkleTree {
  const leaves: string[] = [];
  for (const file of listSegments(writerDir)) {
    scanLines({ file }, ({ bytes }) => {
      if (leaves.length < checkpoint.size)
        leaves.push(bytes.toString('latin1', bytes.length - HASH_FROM_END, bytes.length - 2));
    });
  }
  const tree = new MerkleTree(leaves);
  if (tree.root() !== checkpoint.root) {
    throw new Error(
      `the log of ${checkpoint.writer} does not fit its signed checkpoint: run goldenpath audit verify`,
    );
  }
  return tree;
}

function writeJsonLines(file: string, lines: readonly string[]): void {
  fs.writeFileSync(file, lines.map((line) => `${line}\n`).join(''));
}
