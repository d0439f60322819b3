import type { KeyObject } from 'node:crypto';
import * as fs from 'node:fs';
import * as path from 'node:path';
import { Attempts } from './attempts.ts';
import { checkpointFile } from './checkpoint-file.ts';
import type { Claim } from './claim.ts';
import type { Problem } from './problem.ts';
import { CHECKPOINTS, claimOf, readCheckpoints, readPredecessorClaims } from './read-claims.ts';
import { listWriters } from './read-log.ts';
import { publicKeyFolder, readPublicKeys } from './signing-key.ts';
import { verifyWriter } from './verify-writer.ts';

export interface VerifyOptions {
  readonly auditDir: string;
  /** The keys that are trusted, by id; those published beside the log where none are given. */
  readonly keys?: ReadonlyMap<string, KeyObject>;
  /** A file of checkpoints that was kept elsewhere: it finds a truncation that took the checkpoints along. */
  readonly anchorFile?: string;
  /** Hears how many bytes of lines were read since it heard last. */
  readonly onProgress?: (bytes: number) => void;
}

/** What the verifier found. */
export interface VerifyReport {
  readonly problems: readonly Problem[];
  readonly writers: number;
  readonly segments: number;
  readonly lines: number;
  readonly checkpoints: number;
  readonly attempts: number;
  /** Opened, not closed, and not yet due: their writer may be alive. */
  readonly stillOpen: number;
  /** Lines after the last checkpoint of their writer, whose truncation nothing here would show. */
  readonly unsignedLines: number;
  /** Ids of the keys that signed. */
  readonly keys: readonly string[];
}

/** Checks a whole log, offline. Throws where there is none. */
export function verifyLog({ auditDir, keys, anchorFile, onProgress }: VerifyOptions): VerifyReport {
  if (!fs.existsSync(auditDir)) throw new Error(`there is no audit log in ${auditDir}`);
  const problems: Problem[] = [];
  const report = (problem: Problem) => void problems.push(problem);
  const trusted = keys ?? readPublicKeys(publicKeyFolder(auditDir));
  const checkpoints = readCheckpoints({
    file: checkpointFile(auditDir),
    name: CHECKPOINTS,
    keys: trusted,
    report,
  });
  const anchors = anchorFile === undefined ? [] : readAnchors(anchorFile, { keys: trusted, report });
  const claims = [
    ...checkpoints.map((checkpoint) => claimOf(checkpoint, CHECKPOINTS)),
    ...anchors,
    ...readPredecessorClaims(auditDir),
  ];
  const claimsByWriter = Map.groupBy(claims, (claim) => claim.writer);
  const writers = listWriters(auditDir);
  reportRemovedWriters({ claimsByWriter, writers, report });
  const attempts = new Attempts(report);
  const totals = { segments: 0, lines: 0, unsignedLines: 0 };
  for (const writer of writers) {
    const own = claimsByWriter.get(writer) ?? [];
    const { segments, lines } = verifyWriter({
      auditDir,
      writer,
      claims: own,
      attempts,
      report,
      onProgress: onProgress ?? (() => undefined),
    });
    totals.segments += segments;
    totals.lines += lines;
    totals.unsignedLines += Math.max(
      0,
      lines -
        Math.max(
          0,
          ...own.filter((claim) => claim.root !== undefined || claim.isFinal).map((claim) => claim.size),
        ),
    );
  }
  const stillOpen = attempts.finish();
  return {
    problems,
    writers: writers.length,
    ...totals,
    checkpoints: checkpoints.length,
    attempts: attempts.count,
    stillOpen,
    keys: [...new Set(checkpoints.map((checkpoint) => checkpoint.key))],
  };
}

function readAnchors(
  file: string,
  trust: { keys: ReadonlyMap<string, KeyObject>; report: (problem: Problem) => void },
): Claim[] {
  if (!fs.existsSync(file)) throw new Error(`there is no anchor ${file}`);
  const name = path.basename(file);
  const anchors = readCheckpoints({ file, name, ...trust });
  return anchors.map((checkpoint) => claimOf(checkpoint, name));
}

function reportRemovedWriters(check: {
  claimsByWriter: ReadonlyMap<string, readonly Claim[]>;
  writers: readonly string[];
  report: (problem: Problem) => void;
}): void {
  for (const [writer, claims] of check.claimsByWriter) {
    // A process that died before its first line was whole leaves nothing that could be removed.
    const claim = claims.find(({ size }) => size > 0);
    if (claim === undefined || check.writers.includes(writer)) continue;
    check.report({
      kind: 'removed_writer',
      file: writer,
      detail: `${claim.source} names this writer, but its folder is gone`,
    });
  }
}
