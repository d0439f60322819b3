import * as fs from 'node:fs';
import * as path from 'node:path';
import type { ArchivedPart } from '../../ports/archive.ts';
import { readAt } from '../local-state/files.ts';
import { ArchiveDamagedError, openFrame, PREFIX_BYTES, readHeader, readPrefix } from './frame.ts';
import type { FramePlace } from './frame-index.ts';
import { SHREDDED, type TenantKeys } from './tenant-keys.ts';

/** Why a part that was archived is not returned. */
export interface WithheldPart {
  readonly part: ArchivedPart['part'];
  readonly reason: 'shredded' | 'expired';
}

export interface FrameRequest {
  readonly archiveDir: string;
  readonly place: FramePlace;
  readonly requestId: string;
  readonly keys: TenantKeys;
  readonly nowMs: number;
}

/** Reads a request's parts of one frame. The index only said where they might be: all else is checked here. */
export function readArchivedParts(request: FrameRequest): (ArchivedPart | WithheldPart)[] {
  const { archiveDir, place } = request;
  const fd = fs.openSync(path.join(archiveDir, place.file), 'r');
  try {
    return decryptParts(readAt(fd, { offset: place.offset, length: place.frameBytes }), request);
  } catch (error) {
    if (!(error instanceof ArchiveDamagedError)) throw error;
    const message = `${place.file} at byte ${place.offset}: ${error.message}`;
    throw new ArchiveDamagedError(message, { cause: error });
  } finally {
    fs.closeSync(fd);
  }
}

function decryptParts(frame: Buffer, request: FrameRequest): (ArchivedPart | WithheldPart)[] {
  const { requestId, keys, nowMs } = request;
  const prefix = readPrefix(frame);
  if (prefix === undefined) throw new ArchiveDamagedError('the frame is cut off');
  const header = readHeader(frame.subarray(PREFIX_BYTES, PREFIX_BYTES + prefix.headerBytes));
  if (header.entries.every((entry) => entry.requestId !== requestId)) {
    throw new ArchiveDamagedError('the frame belongs to another request');
  }
  const key = keys.openingKey(header.tenant, header.key);
  const body = key === SHREDDED ? undefined : openFrame(frame, key);
  const parts: (ArchivedPart | WithheldPart)[] = [];
  let from = 0;
  for (const { requestId: owner, part, bytes, expiresAtMs, writtenAtMs } of header.entries) {
    const text = body?.toString('utf8', from, from + bytes);
    from += bytes;
    if (owner !== requestId) continue;
    if (expiresAtMs <= nowMs) parts.push({ part, reason: 'expired' });
    else if (text === undefined) parts.push({ part, reason: 'shredded' });
    else parts.push({ part, text, writtenAtMs });
  }
  return parts;
}
