import type { ArchiveEntry } from '../../../ports/archive.ts';
import type { AuditRecord } from '../../../road/record.ts';

/** A call of the port, as it travels between threads; the kind of its record says which one. */
export interface Operation {
  /** The request of an intent, so that nobody needs to read its JSON; empty for another record. */
  readonly opens: string;
  readonly recordJson: string;
  /** The archive entry without its text, as JSON; empty where there is none. */
  readonly entryJson: string;
  readonly text: string;
}

const LENGTH_BYTES = 4;
const MAX_BYTES_PER_UNIT = 3;

/** Makes the operation of a call. */
export function makeOperation(record: AuditRecord, entry: ArchiveEntry | undefined): Operation {
  const opens = record.kind === 'opened' ? record.requestId : '';
  const recordJson = JSON.stringify(record);
  if (entry === undefined) return { opens, recordJson, entryJson: '', text: '' };
  const { text, ...rest } = entry;
  return { opens, recordJson, entryJson: JSON.stringify(rest), text };
}

/** Never less than the bytes that `writeOperation` needs. */
export function boundBytes({ opens, recordJson, entryJson, text }: Operation): number {
  const units = opens.length + recordJson.length + entryJson.length + text.length;
  return 4 * LENGTH_BYTES + units * MAX_BYTES_PER_UNIT;
}

/** Writes an operation; returns where the next one begins. */
export function writeOperation(bytes: Buffer, offset: number, operation: Operation): number {
  let end = writeText(bytes, offset, operation.opens);
  end = writeText(bytes, end, operation.recordJson);
  end = writeText(bytes, end, operation.entryJson);
  return writeText(bytes, end, operation.text);
}

/** Reads the operation at an offset, and where the next one begins. */
export function readOperation(bytes: Buffer, offset: number): { operation: Operation; end: number } {
  const opens = readText(bytes, offset);
  const record = readText(bytes, opens.end);
  const entry = readText(bytes, record.end);
  const text = readText(bytes, entry.end);
  const operation = {
    opens: opens.text,
    recordJson: record.text,
    entryJson: entry.text,
    text: text.text,
  };
  return { operation, end: text.end };
}

/** The archive entry that travelled with a record. */
export function readEntry({ entryJson, text }: Operation): ArchiveEntry | undefined {
  if (entryJson === '') return undefined;
  return { ...(JSON.parse(entryJson) as Omit<ArchiveEntry, 'text'>), text }; // `makeOperation` wrote it
}

function writeText(bytes: Buffer, offset: number, text: string): number {
  const length = text === '' ? 0 : bytes.write(text, offset + LENGTH_BYTES);
  bytes.writeUInt32LE(length, offset);
  return offset + LENGTH_BYTES + length;
}

function readText(bytes: Buffer, offset: number): { text: string; end: number } {
  const start = offset + LENGTH_BYTES;
  const end = start + bytes.readUInt32LE(offset);
  if (end > bytes.length) throw new Error('an operation ends outside of its batch');
  return { text: bytes.toString('utf8', start, end), end };
}
