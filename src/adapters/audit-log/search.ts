import * as fs from 'node:fs';
import * as path from 'node:path';
import type { AdminRecord, ClosedRecord, Intent } from '../../road/record.ts';
import type { AttemptFilter } from './attempt-filter.ts';
import type { CostKey, CostSum } from './cost-sums.ts';
import { readAt } from '../local-state/files.ts';
import { parseLine, readUnverified, type LineDamage } from './line.ts';
import { SearchIndex, type IndexedLine } from './search-index.ts';

/** A line of the log as it was found and read. */
export interface FoundLine extends IndexedLine {
  readonly seq: number;
  readonly hash: string;
  readonly text: string;
  /** Why the line is not the one that was written; what it says is then worth nothing. */
  readonly damage: LineDamage | undefined;
  readonly record: Intent | ClosedRecord | AdminRecord;
}

/** One attempt: what the log says of it, and where. */
export interface FoundAttempt {
  readonly requestId: string;
  readonly opened: FoundLine | undefined;
  readonly closed: FoundLine | undefined;
  /** What operators did about it. */
  readonly notes: readonly FoundLine[];
  /** The closed record, or the intent as long as there is none. */
  readonly story: Intent | ClosedRecord;
}

export interface AttemptQuery extends AttemptFilter {
  /** Found anywhere in the attempt's lines, whatever its case. */
  readonly text?: string;
  readonly limit?: number;
}

/** Answers questions about a log from its own lines, which an index finds. */
export interface AuditSearch {
  /** Newest first. An edited line is found as well, marked: an edit must not hide an attempt, nor others. */
  query(query: AttemptQuery): FoundAttempt[];
  find(requestId: string): FoundAttempt | undefined;
  /** What closed attempts cost by their records, as they stand in the log. */
  sumCosts(filter: AttemptFilter, by: CostKey): CostSum[];
  close(): void;
}

/** Opens the log under a state folder for questions, and reads what was written up to now. */
export function openAuditSearch({ stateDir }: { stateDir: string }): AuditSearch {
  const auditDir = path.join(stateDir, 'audit');
  if (!fs.existsSync(auditDir)) throw new Error(`there is no audit log in ${auditDir}`);
  const index = new SearchIndex({ auditDir, indexFile: path.join(stateDir, 'index', 'audit.sqlite') });
  index.catchUp();
  const find = (requestId: string) => {
    const lines = index.findLines(requestId).flatMap((line) => readFoundLine(auditDir, line) ?? []);
    return describeAttempt(requestId, lines);
  };
  return {
    find,
    query(query) {
      const found: FoundAttempt[] = [];
      for (const requestId of index.findAttempts(query)) {
        if (found.length === query.limit) break;
        const attempt = find(requestId);
        if (attempt !== undefined && hasText(attempt, query.text)) found.push(attempt);
      }
      return found;
    },
    sumCosts: (filter, by) => index.sumCosts(filter, by),
    close: () => index.close(),
  };
}

function describeAttempt(requestId: string, lines: readonly FoundLine[]): FoundAttempt | undefined {
  const opened = lines.find((line) => line.record.kind === 'opened');
  const closed = lines.find((line) => line.record.kind === 'closed');
  // Each process has a file of its own, so that the order of the lines is not that of time.
  const notes = lines
    .filter((line) => line.record.kind === 'admin')
    .toSorted((one, other) => timeOf(one) - timeOf(other));
  const story = closed?.record ?? opened?.record;
  if (story === undefined || story.kind === 'admin') return undefined;
  return { requestId, opened, closed, notes, story };
}

function timeOf({ record }: FoundLine): number {
  return record.kind === 'admin' ? record.atMs : record.startedAtMs;
}

function hasText({ opened, closed }: FoundAttempt, text: string | undefined): boolean {
  if (text === undefined) return true;
  const wanted = text.toLowerCase();
  return [opened, closed].some((line) => line?.text.toLowerCase().includes(wanted));
}

/** `undefined` where the bytes are no record at all any more: then an edit moved them, which the verifier shows. */
function readFoundLine(auditDir: string, place: IndexedLine): FoundLine | undefined {
  const bytes = readBytes(path.join(auditDir, place.file), place);
  const line = readUnverified(bytes);
  if (typeof line === 'string') return undefined;
  const { seq, hash, record } = line;
  if (record.kind !== 'opened' && record.kind !== 'closed' && record.kind !== 'admin') return undefined;
  const verified = parseLine(bytes);
  const damage = typeof verified === 'string' ? verified : undefined;
  return { ...place, seq, hash, record, damage, text: bytes.toString('utf8') };
}

function readBytes(file: string, { offset, length }: IndexedLine): Buffer {
  const fd = fs.openSync(file, 'r');
  try {
    return readAt(fd, { offset, length });
  } finally {
    fs.closeSync(fd);
  }
}
