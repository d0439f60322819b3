import * as fs from 'node:fs';
import * as path from 'node:path';
import type { Intent } from '../../road/record.ts';
import { isErrno, syncFolder } from '../local-state/files.ts';
import { takeLock } from '../local-state/process-lock.ts';
import { NO_HASH, parseLine } from './line.ts';
import type { Predecessor, SegmentStart } from './log-record.ts';
import { listSegments, listWriters, scanLines, trimZeros } from './read-log.ts';

/** What a new writer learns about those before it. */
export interface Takeover {
  readonly predecessors: readonly Predecessor[];
  /** Attempts that dead writers opened and nobody closed. */
  readonly abandoned: readonly Intent[];
}

/** The lock that a writer holds as long as its process lives. */
export function writerLockFile(writerDir: string): string {
  return path.join(writerDir, 'lock');
}

/**
 * Looks at every writer that no later one has finished with yet. To be called under the log's takeover lock, so
 * that two processes that start together do not both close the same attempts.
 */
export function examineWriters(auditDir: string): Takeover {
  const predecessors: Predecessor[] = [];
  const opened = new Map<string, Intent>();
  const closed = new Set<string>();
  for (const writer of listWriters(auditDir)) {
    const dir = path.join(auditDir, writer);
    if (fs.existsSync(markerFile(dir))) continue;
    const isLive = isWriterLive(dir);
    const end = readWriterEnd(dir);
    predecessors.push({
      writer,
      lines: end.lines,
      head: end.head,
      state: isLive ? 'live' : 'ended',
      ...(end.tornBytes > 0 && !isLive && { tornBytes: end.tornBytes }),
    });
    if (isLive) continue;
    for (const intent of end.opened.values()) opened.set(intent.requestId, intent);
    for (const requestId of end.closed) closed.add(requestId);
  }
  return { predecessors, abandoned: [...opened.values()].filter((intent) => !closed.has(intent.requestId)) };
}

/**
 * Marks dead writers as finished, after all they left open was durably closed. Before that mark a crash means that
 * the next start looks at them again, together with the writer that was looking.
 */
export function markFinished(
  auditDir: string,
  takeover: { predecessors: readonly Predecessor[]; by: string },
): void {
  for (const { writer, state } of takeover.predecessors) {
    if (state === 'live') continue;
    const dir = path.join(auditDir, writer);
    for (const file of listSegments(dir).slice(-2)) trimZeros(file);
    fs.writeFileSync(markerFile(dir), `${JSON.stringify({ by: takeover.by })}\n`, { flush: true });
    fs.rmSync(writerLockFile(dir), { force: true });
    syncFolder(dir);
  }
}

function markerFile(writerDir: string): string {
  return path.join(writerDir, 'taken-over.json');
}

function isWriterLive(dir: string): boolean {
  if (!fs.existsSync(writerLockFile(dir))) return false;
  const lock = takeLock(writerLockFile(dir), { waitMs: 0 });
  lock?.release();
  return lock === undefined;
}

interface WriterEnd {
  lines: number;
  head: string;
  tornBytes: number;
  readonly opened: Map<string, Intent>;
  readonly closed: Set<string>;
}

/** Reads a writer's last segment, and what its first line says is open from the segments before. */
function readWriterEnd(dir: string): WriterEnd {
  const end: WriterEnd = { lines: 0, head: NO_HASH, tornBytes: 0, opened: new Map(), closed: new Set() };
  const segments = listSegments(dir);
  for (let index = segments.length - 1; index >= 0; index -= 1) {
    const file = segments[index] ?? '';
    // Our own start line will name this head, so it has to be as durable as that line.
    syncFile(file);
    readSegmentEnd({ dir, file, end });
    // A segment without a complete line was being started when the process died: the one before is the last.
    if (end.lines > 0) break;
  }
  return end;
}

function readSegmentEnd({ dir, file, end }: { dir: string; file: string; end: WriterEnd }): void {
  const { tornBytes } = scanLines({ file }, ({ bytes }) => {
    const line = parseLine(bytes);
    // A damaged line is left for the verifier to report; a head must be one that can be recomputed.
    if (typeof line === 'string') return;
    end.lines = line.seq + 1;
    end.head = line.hash;
    const { record } = line;
    if (record.kind === 'opened') end.opened.set(record.requestId, record);
    if (record.kind === 'closed') end.closed.add(record.requestId);
    if (record.kind === 'log.segment')
      for (const intent of readIntents(dir, record)) end.opened.set(intent.requestId, intent);
  });
  end.tornBytes += tornBytes;
}

function readIntents(dir: string, { open }: SegmentStart): Intent[] {
  const intents: Intent[] = [];
  const segments = listSegments(dir);
  for (const number of new Set(open.map(([, segment]) => segment))) {
    const wanted = new Set(open.filter(([, segment]) => segment === number).map(([requestId]) => requestId));
    const file = segments.find((candidate) => Number.parseInt(path.basename(candidate), 10) === number);
    if (file === undefined) continue; // removed: the verifier reports it
    scanLines({ file }, ({ bytes }) => {
      const line = parseLine(bytes);
      if (typeof line === 'string' || line.record.kind !== 'opened' || !wanted.has(line.record.requestId))
        return;
      intents.push(line.record);
    });
  }
  return intents;
}

function syncFile(file: string): void {
  const fd = fs.openSync(file, 'r');
  try {
    fs.fdatasyncSync(fd);
  } catch (error) {
    if (!isErrno(error, 'EINVAL') && !isErrno(error, 'EBADF')) throw error; // a read-only file system: nothing to sync
  } finally {
    fs.closeSync(fd);
  }
}
