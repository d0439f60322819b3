import * as fs from 'node:fs';
import { readAt } from '../local-state/files.ts';
import {
  ArchiveDamagedError,
  MAGIC,
  PREFIX_BYTES,
  readHeader,
  readPrefix,
  type FrameHeader,
} from './frame.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A whole frame, as it stands in a file. */
export interface ScannedFrame {
  readonly header: FrameHeader;
  readonly offset: number;
  readonly frameBytes: number;
}

/**
 * Reads the headers of whole frames from an offset on; returns where the first incomplete one begins. A damaged
 * frame hides itself alone: the next one is found by its first bytes, so that one flipped bit is not the end of a
 * day's archive.
 */
export function scanFrames(
  source: { file: string; from: number },
  onFrame: (frame: ScannedFrame) => void,
): number {
  const fd = fs.openSync(source.file, 'r');
  try {
    const size = fs.fstatSync(fd).size;
    const view = makeView(fd);
    let offset = source.from;
    while (offset + PREFIX_BYTES <= size) {
      const frame = readFrame({ view, offset, size });
      if (frame === undefined) {
        const next = findMagic(view, { from: offset + 1, size });
        if (next === undefined) break;
        offset = next;
        continue;
      }
      onFrame(frame);
      offset += frame.frameBytes;
    }
    return offset;
  } finally {
    fs.closeSync(fd);
  }
}

type View = (start: number, length: number) => Buffer;

/** Reads a file in large chunks and hands out small parts of them. */
function makeView(fd: number): View {
  let chunk: Buffer = Buffer.alloc(0);
  let chunkStart = 0;
  return (start, length) => {
    if (start < chunkStart || start + length > chunkStart + chunk.length) {
      chunk = readAt(fd, { offset: start, length: Math.max(CHUNK_BYTES, length) });
      chunkStart = start;
    }
    return chunk.subarray(start - chunkStart, start - chunkStart + length);
  };
}

/** `undefined` where no whole frame begins. */
function readFrame({
  view,
  offset,
  size,
}: {
  view: View;
  offset: number;
  size: number;
}): ScannedFrame | undefined {
  try {
    const prefix = readPrefix(view(offset, PREFIX_BYTES));
    if (prefix === undefined || offset + prefix.frameBytes > size) return undefined;
    const header = readHeader(view(offset + PREFIX_BYTES, prefix.headerBytes));
    return header.bytes === prefix.bodyBytes ? { header, offset, frameBytes: prefix.frameBytes } : undefined;
  } catch (error) {
    if (error instanceof ArchiveDamagedError) return undefined;
    throw error;
  }
}

function findMagic(view: View, { from, size }: { from: number; size: number }): number | undefined {
  for (let start = from; start + MAGIC.length <= size; start += CHUNK_BYTES - MAGIC.length + 1) {
    const at = view(start, Math.min(CHUNK_BYTES, size - start)).indexOf(MAGIC);
    if (at !== -1) return start + at;
  }
  return undefined;
}
