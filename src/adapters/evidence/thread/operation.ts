import { ARCHIVE_PARTS, type ArchiveEntry, type ArchivePart } from '../../../ports/archive.ts';
import type { AuditRecord } from '../../../road/record.ts';

/** A call of the port, as it travels between threads; the kind of its record says which one. */
export interface Operation {
  readonly kind: AuditRecord['kind'];
  /** Whose record it is, so that nobody needs to read its JSON for that; empty where it is nobody's. */
  readonly requestId: string;
  readonly recordJson: string;
  readonly entry: ArchiveEntry | undefined;
}

const KINDS = ['opened', 'closed', 'admin'] as const satisfies readonly AuditRecord['kind'][];
/** In place of the number of an entry's part. */
const NO_ENTRY = 255;
/** Kind and part, a byte each. */
const HEAD_BYTES = 2;
const LENGTH_BYTES = 4;
const DOUBLE_BYTES = 8;
/** When an entry was written, and the days of its retention. */
const ENTRY_NUMBERS_BYTES = 2 * DOUBLE_BYTES;
const MAX_TEXTS = 5;
const MAX_BYTES_PER_UNIT = 3;

/** Makes the operation of a call. */
export function makeOperation(record: AuditRecord, entry: ArchiveEntry | undefined): Operation {
  return { kind: record.kind, requestId: record.requestId ?? '', recordJson: JSON.stringify(record), entry };
}

/** Never less than the bytes that `writeOperation` needs. */
export function boundBytes({ requestId, recordJson, entry }: Operation): number {
  let units = requestId.length + recordJson.length;
  if (entry !== undefined) units += entry.requestId.length + entry.tenant.length + entry.text.length;
  return HEAD_BYTES + ENTRY_NUMBERS_BYTES + MAX_TEXTS * LENGTH_BYTES + units * MAX_BYTES_PER_UNIT;
}

/** Writes an operation; returns where the next one begins. */
export function writeOperation(bytes: Buffer, offset: number, operation: Operation): number {
  const { kind, requestId, recordJson, entry } = operation;
  bytes[offset] = KINDS.indexOf(kind);
  bytes[offset + 1] = entry === undefined ? NO_ENTRY : ARCHIVE_PARTS.indexOf(entry.part);
  let end = writeText(bytes, offset + HEAD_BYTES, requestId);
  end = writeText(bytes, end, recordJson);
  if (entry === undefined) return end;
  bytes.writeDoubleLE(entry.writtenAtMs, end);
  bytes.writeDoubleLE(entry.retentionDays, end + DOUBLE_BYTES);
  end = writeText(bytes, end + ENTRY_NUMBERS_BYTES, entry.requestId);
  end = writeText(bytes, end, entry.tenant);
  return writeText(bytes, end, entry.text);
}

/** Reads operations, one after the other, as `writeOperation` wrote them. */
export class OperationReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  next(): Operation {
    const kind = KINDS[this.#byte()];
    if (kind === undefined) throw new Error('an operation is of a kind that nobody writes');
    const part = ARCHIVE_PARTS[this.#byte()];
    const requestId = this.#text();
    const recordJson = this.#text();
    return { kind, requestId, recordJson, entry: part === undefined ? undefined : this.#entry(part) };
  }

  #entry(part: ArchivePart): ArchiveEntry {
    const writtenAtMs = this.#double();
    const retentionDays = this.#double();
    return {
      requestId: this.#text(),
      tenant: this.#text(),
      part,
      text: this.#text(),
      writtenAtMs,
      retentionDays,
    };
  }

  #byte(): number {
    return this.#bytes[this.#offset++] ?? NO_ENTRY;
  }

  #double(): number {
    const value = this.#bytes.readDoubleLE(this.#offset);
    this.#offset += DOUBLE_BYTES;
    return value;
  }

  #text(): string {
    const start = this.#offset + LENGTH_BYTES;
    const end = start + this.#bytes.readUInt32LE(this.#offset);
    if (end > this.#bytes.length) throw new Error('an operation ends outside of its batch');
    this.#offset = end;
    return this.#bytes.toString('utf8', start, end);
  }
}

function writeText(bytes: Buffer, offset: number, text: string): number {
  const length = text === '' ? 0 : bytes.write(text, offset + LENGTH_BYTES);
  bytes.writeUInt32LE(length, offset);
  return offset + LENGTH_BYTES + length;
}
