import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Attempts, LinePlace } from './attempts.ts';
import { ChainCheck } from './chain-check.ts';
import type { Claim } from './claim.ts';
import { readAt } from '../local-state/files.ts';
import { parseLine, readUnverified, type Line } from './line.ts';
import type { Problem } from './problem.ts';
import { listSegments, scanLines } from './read-log.ts';
import { segmentName } from './segment-writer.ts';

/** What one writer's files hold. */
export interface WriterReport {
  readonly segments: number;
  readonly lines: number;
}

export interface WriterCheck {
  readonly auditDir: string;
  readonly writer: string;
  readonly claims: readonly Claim[];
  readonly attempts: Attempts;
  readonly report: (problem: Problem) => void;
  readonly onProgress: (bytes: number) => void;
}

/** Reads one writer from its first byte to its last. */
export function verifyWriter(check: WriterCheck): WriterReport {
  const { auditDir, writer, claims, report } = check;
  const chain = new ChainCheck({ writer, claims, report });
  const segments = withoutUnbegun(listSegments(path.join(auditDir, writer)));
  let expected = 1;
  for (const file of segments) {
    const number = Number.parseInt(path.basename(file), 10);
    if (number !== expected) {
      for (let gone = expected; gone < number; gone += 1) {
        report({
          kind: 'removed_segment',
          file: `${writer}/${segmentName(gone)}`,
          detail: 'the file is gone',
        });
      }
      chain.forgetGap();
    }
    expected = number + 1;
    verifySegment({ ...check, chain, file, number, isLast: file === segments.at(-1) });
  }
  chain.finish({
    file: `${writer}/${segments.length === 0 ? segmentName(1) : path.basename(segments.at(-1) ?? '')}`,
  });
  return { segments: segments.length, lines: chain.lines };
}

/** The next segment's file is made ahead of time, so the last one may hold nothing, or zeros alone. */
function withoutUnbegun(segments: readonly string[]): readonly string[] {
  const last = segments.at(-1);
  return last !== undefined && isUnbegun(last) ? segments.slice(0, -1) : segments;
}

function isUnbegun(file: string): boolean {
  const fd = fs.openSync(file, 'r');
  try {
    return (readAt(fd, { offset: 0, length: 1 })[0] ?? 0) === 0;
  } finally {
    fs.closeSync(fd);
  }
}

interface SegmentCheck extends WriterCheck {
  readonly chain: ChainCheck;
  readonly file: string;
  readonly number: number;
  readonly isLast: boolean;
}

function verifySegment(check: SegmentCheck): void {
  const { writer, file, chain, attempts, report, onProgress } = check;
  const name = `${writer}/${path.basename(file)}`;
  let count = 0;
  const { tornBytes, end } = scanLines({ file }, ({ bytes }) => {
    count += 1;
    const line = parseLine(bytes);
    if (typeof line === 'string') {
      const place = { writer, file: name, line: count, seq: chain.lines };
      report({ kind: 'edited_line', file: name, line: count, seq: chain.lines, detail: line });
      chain.see(undefined, place);
      // An edited line still counts as its attempt's, or the one edit would be reported as missing records too.
      const unverified = readUnverified(bytes);
      if (typeof unverified !== 'string') seeRecord(unverified, { place, attempts, report });
      return;
    }
    const place = { writer, file: name, line: count, seq: line.seq };
    if (count === 1) checkFirstLine(check, line, place);
    chain.see(line, place);
    seeRecord(line, { place, attempts, report });
    onProgress(bytes.length);
  });
  if (tornBytes > 0 && !check.isLast) {
    report({
      kind: 'torn_line',
      file: name,
      line: count + 1,
      detail: `${tornBytes} bytes after byte ${end} are no whole line, though another segment follows`,
    });
  }
}

function checkFirstLine(
  { writer, number, report }: SegmentCheck,
  { record }: Line,
  { file, line, seq }: LinePlace,
): void {
  if (number === 1) {
    if (record.kind === 'log.writer' && record.writer === writer) return;
    const found =
      record.kind === 'log.writer'
        ? `it is the first line of ${record.writer}`
        : 'it is no first line of a writer';
    report({
      kind: 'wrong_writer',
      file,
      line,
      seq,
      detail: `${found}, but stands in the folder of ${writer}`,
    });
  } else if (record.kind !== 'log.segment' || record.number !== number) {
    const found =
      record.kind === 'log.segment' ? `it begins segment ${record.number}` : 'it begins no segment';
    report({
      kind: 'removed_segment',
      file,
      line,
      seq,
      detail: `${found}, but stands first in segment ${number}`,
    });
  }
}

function seeRecord(
  { record }: Line,
  to: { place: LinePlace; attempts: Attempts; report: (problem: Problem) => void },
): void {
  if (record.kind === 'log.gap') {
    const { file, line, seq } = to.place;
    const detail = `${record.lost} closed records were given up while the disk was away`;
    to.report({ kind: 'records_lost', file, line, seq, detail });
  } else if (record.kind === 'opened' || record.kind === 'closed' || record.kind === 'log.recovered') {
    to.attempts.see(record, to.place);
  }
}
