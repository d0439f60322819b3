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

/** Reads one frame and decrypts it. The index only said where it might be: all else is checked here. */
export function readArchivedPart(request: FrameRequest): ArchivedPart | WithheldPart {
  const { archiveDir, place } = request;
  const fd = fs.openSync(path.join(archiveDir, place.file), 'r');
  try {
    return decryptPart(readAt(fd, { offset: place.offset, length: place.frameBytes }), request);
  } catch (error) {
    if (!(error instanceof ArchiveDamagedError)) throw error;
    const message = `${place.file} at byte ${place.offset}: ${error.message}`;
    throw new ArchiveDamagedError(message, { cause: error });
  } finally {
    fs.closeSync(fd);
  }
}

function decryptPart(frame: Buffer, { requestId, keys, nowMs }: FrameRequest): ArchivedPart | WithheldPart {
  const prefix = readPrefix(frame);
  if (prefix === undefined) throw new ArchiveDamagedError('the frame is cut off');
  const header = readHeader(frame.subarray(PREFIX_BYTES, PREFIX_BYTES + prefix.headerBytes));
  if (header.requestId !== requestId) throw new ArchiveDamagedError('the frame belongs to another request');
  if (header.expiresAtMs <= nowMs) return { part: header.part, reason: 'expired' };
  const key = keys.openingKey(header.tenant, header.key);
  if (key === SHREDDED) return { part: header.part, reason: 'shredded' };
  return { part: header.part, text: openFrame(frame, key), writtenAtMs: header.writtenAtMs };
}
