import * as fs from 'node:fs';
import * as path from 'node:path';
import { readAt } from '../local-state/files.ts';

const CHUNK_BYTES = 1024 * 1024;
const LINE_FEED = 0x0a;
const WRITER_NAME = /^\d{8}T\d{9}Z-[0-9a-f]{8}$/;
const SEGMENT_NAME = /^\d{6,}\.jsonl$/;

/** A complete line of a file. `bytes` are without the line feed, and valid only during the callback. */
export interface FileLine {
  readonly bytes: Buffer;
  /** Where it begins. */
  readonly offset: number;
}

/** Where a scan ended: `end` is after the last complete line, `tornBytes` what follows it. */
export interface ScanEnd {
  readonly end: number;
  readonly tornBytes: number;
}

/** The writers of a log, oldest first. */
export function listWriters(auditDir: string): string[] {
  if (!fs.existsSync(auditDir)) return [];
  return fs
    .readdirSync(auditDir)
    .filter((name) => WRITER_NAME.test(name))
    .sort();
}

/** The segments of a writer, in order, as paths. */
export function listSegments(writerDir: string): string[] {
  const names = fs.readdirSync(writerDir).filter((name) => SEGMENT_NAME.test(name));
  return names
    .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
    .map((name) => path.join(writerDir, name));
}

/** A writer's name: its start, to be read by people, and a number that makes it unique. */
export function writerName(startedAtMs: number, chance: number): string {
  const time = new Date(startedAtMs).toISOString().replaceAll(/[-:.]/g, '');
  return `${time}-${chance.toString(16).padStart(8, '0')}`;
}

/**
 * Hands over every complete line from an offset on. A zero byte ends them: a writer puts zeros ahead of its lines, and
 * none in a line. What follows the zeros was never synced, and counts as torn.
 */
export function scanLines(
  source: { file: string; from?: number },
  onLine: (line: FileLine) => void,
): ScanEnd {
  const fd = fs.openSync(source.file, 'r');
  try {
    let carried: Buffer = Buffer.alloc(0);
    let start = source.from ?? 0;
    for (;;) {
      const offset = start + carried.length;
      const read = readAt(fd, { offset, length: CHUNK_BYTES });
      const zero = read.indexOf(0);
      const text = zero === -1 ? read : read.subarray(0, zero);
      const chunk = carried.length === 0 ? text : Buffer.concat([carried, text]);
      let from = 0;
      for (
        let feed = chunk.indexOf(LINE_FEED, carried.length);
        feed !== -1;
        feed = chunk.indexOf(LINE_FEED, from)
      ) {
        onLine({ bytes: chunk.subarray(from, feed), offset: start + from });
        from = feed + 1;
      }
      carried = chunk.subarray(from);
      start += from;
      if (zero !== -1) return { end: start, tornBytes: findTextEnd(fd, offset + zero) - start };
      if (read.length === 0) return { end: start, tornBytes: carried.length };
    }
  } finally {
    fs.closeSync(fd);
  }
}

/** Takes away the zeros that a writer left at the end of a file. */
export function trimZeros(file: string): void {
  const fd = fs.openSync(file, 'r+');
  try {
    const end = findTextEnd(fd, 0);
    if (end < fs.fstatSync(fd).size) fs.ftruncateSync(fd, end);
  } finally {
    fs.closeSync(fd);
  }
}

/** After the last byte from an offset on that is not zero; the offset itself, where all are. Looks from the end. */
function findTextEnd(fd: number, offset: number): number {
  let end = fs.fstatSync(fd).size;
  while (end > offset) {
    const from = Math.max(offset, end - CHUNK_BYTES);
    const read = readAt(fd, { offset: from, length: end - from });
    let length = read.length;
    while (length > 0 && read[length - 1] === 0) length -= 1;
    if (length > 0) return from + length;
    end = from;
  }
  return offset;
}

/** The first line of a file, where it has a whole one. */
export function readFirstLine(file: string): Buffer | undefined {
  const fd = fs.openSync(file, 'r');
  try {
    for (let length = 64 * 1024; ; length *= 4) {
      const read = readAt(fd, { offset: 0, length });
      const [feed, zero] = [read.indexOf(LINE_FEED), read.indexOf(0)];
      if (feed !== -1 && (zero === -1 || feed < zero)) return read.subarray(0, feed);
      if (zero !== -1 || read.length < length) return undefined;
    }
  } finally {
    fs.closeSync(fd);
  }
}
