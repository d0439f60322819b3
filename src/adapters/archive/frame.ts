import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';
import { isArchivePart, type ArchiveEntry } from '../../ports/archive.ts';

/** With what every frame begins. */
export const MAGIC = Buffer.from('GPA1');
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
/** Magic, header length, ciphertext length, nonce. */
export const PREFIX_BYTES = 4 + 4 + 4 + NONCE_BYTES;
const MAX_HEADER_BYTES = 64 * 1024;
/** Entries that may share a frame, so that its header stays within what is read of one. */
export const MAX_FRAME_ENTRIES = 64;
const DAY_MS = 86_400_000;

/** One text of a frame. */
export interface FrameEntry {
  readonly requestId: string;
  readonly part: ArchiveEntry['part'];
  readonly writtenAtMs: number;
  readonly expiresAtMs: number;
  /** Length in the deciphered body, where the entries' texts follow one another. */
  readonly bytes: number;
}

/**
 * What stands in the clear before each ciphertext. All of it is authenticated, so nothing can be swapped. What one
 * tenant seals at one moment shares a frame: setting up a cipher costs more than a kilobyte of it.
 */
export interface FrameHeader {
  readonly tenant: string;
  /** Id of the tenant's key. */
  readonly key: string;
  /** Length of the ciphertext once more: a flipped bit in the prefix must not swallow the next frame. */
  readonly bytes: number;
  readonly entries: readonly FrameEntry[];
}

/** Lengths that a frame's prefix declares. */
export interface FramePrefix {
  readonly headerBytes: number;
  readonly bodyBytes: number;
  readonly frameBytes: number;
}

/** The archive's bytes are not those that were written. */
export class ArchiveDamagedError extends Error {
  override readonly name = 'ArchiveDamagedError';
}

/** When an entry's retention is over. */
export function expiryOf(entry: Pick<ArchiveEntry, 'writtenAtMs' | 'retentionDays'>): number {
  return entry.writtenAtMs + entry.retentionDays * DAY_MS;
}

/** Encrypts entries of one tenant into a frame: prefix, header, ciphertext, tag. */
export function sealFrame(
  entries: readonly [ArchiveEntry, ...ArchiveEntry[]],
  sealing: { readonly id: string; readonly key: KeyObject; nextNonce(): Buffer },
): Buffer {
  let text = '';
  let bodyBytes = 0;
  const listed: FrameEntry[] = [];
  for (const entry of entries) {
    // A lone surrogate is written as U+FFFD, which is what the hash on the record is made of too.
    const bytes = Buffer.byteLength(entry.text);
    const { requestId, part, writtenAtMs } = entry;
    listed.push({ requestId, part, writtenAtMs, expiresAtMs: expiryOf(entry), bytes });
    text += entry.text.isWellFormed() ? entry.text : entry.text.toWellFormed();
    bodyBytes += bytes;
  }
  const header = JSON.stringify({
    tenant: entries[0].tenant,
    key: sealing.id,
    bytes: bodyBytes,
    entries: listed,
  } satisfies FrameHeader);
  const headerBytes = Buffer.byteLength(header);
  const frame = Buffer.allocUnsafe(PREFIX_BYTES + headerBytes + bodyBytes + TAG_BYTES);
  const nonce = sealing.nextNonce();
  MAGIC.copy(frame, 0);
  frame.writeUInt32BE(headerBytes, 4);
  frame.writeUInt32BE(bodyBytes, 8);
  nonce.copy(frame, 12);
  frame.write(header, PREFIX_BYTES);
  const bodyStart = PREFIX_BYTES + headerBytes;
  const cipher = createCipheriv('aes-256-gcm', sealing.key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(frame.subarray(0, bodyStart));
  cipher.update(text, 'utf8').copy(frame, bodyStart);
  cipher.final();
  cipher.getAuthTag().copy(frame, bodyStart + bodyBytes);
  return frame;
}

/** Reads the prefix of a frame; `undefined` where there are too few bytes. Throws where it is no frame. */
export function readPrefix(bytes: Buffer): FramePrefix | undefined {
  if (bytes.length < PREFIX_BYTES) return undefined;
  const headerBytes = bytes.readUInt32BE(4);
  const bodyBytes = bytes.readUInt32BE(8);
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC) || headerBytes > MAX_HEADER_BYTES) {
    throw new ArchiveDamagedError('no frame begins here');
  }
  return { headerBytes, bodyBytes, frameBytes: PREFIX_BYTES + headerBytes + bodyBytes + TAG_BYTES };
}

/** Reads the header that follows a prefix. Throws where it is none. */
export function readHeader(bytes: Buffer): FrameHeader {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch (error) {
    throw new ArchiveDamagedError('the header of the frame is not JSON', { cause: error });
  }
  if (!isHeader(value)) throw new ArchiveDamagedError('the header of the frame lacks a field');
  return value;
}

/** Decrypts a whole frame. Throws `ArchiveDamagedError` where a single bit of it was changed. */
export function openFrame(frame: Buffer, key: KeyObject): Buffer {
  const prefix = readPrefix(frame);
  if (prefix === undefined || prefix.frameBytes !== frame.length)
    throw new ArchiveDamagedError('the frame is cut off');
  const bodyStart = PREFIX_BYTES + prefix.headerBytes;
  const bodyEnd = bodyStart + prefix.bodyBytes;
  const decipher = createDecipheriv('aes-256-gcm', key, frame.subarray(12, PREFIX_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(frame.subarray(0, bodyStart));
  decipher.setAuthTag(frame.subarray(bodyEnd));
  const text = decipher.update(frame.subarray(bodyStart, bodyEnd));
  try {
    decipher.final();
  } catch (error) {
    throw new ArchiveDamagedError('the frame was changed after it was sealed', { cause: error });
  }
  return text;
}

function isHeader(value: unknown): value is FrameHeader {
  if (typeof value !== 'object' || value === null) return false;
  const header = value as Partial<FrameHeader>; // narrowing an object to read its fields
  return (
    typeof header.tenant === 'string' &&
    typeof header.key === 'string' &&
    typeof header.bytes === 'number' &&
    Array.isArray(header.entries) &&
    header.entries.every(isEntry)
  );
}

function isEntry(value: unknown): value is FrameEntry {
  if (typeof value !== 'object' || value === null) return false;
  const entry = value as Partial<FrameEntry>; // narrowing an object to read its fields
  return (
    typeof entry.requestId === 'string' &&
    isArchivePart(entry.part) &&
    typeof entry.writtenAtMs === 'number' &&
    typeof entry.expiresAtMs === 'number' &&
    typeof entry.bytes === 'number'
  );
}
