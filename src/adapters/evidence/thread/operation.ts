import type { ArchiveEntry } from '../../../ports/archive.ts';

export const OPERATION_KINDS = ['open', 'close', 'note'] as const;
export type OperationKind = (typeof OPERATION_KINDS)[number];

/** A call of the port, as it travels between threads. */
export interface Operation {
  readonly kind: OperationKind;
  readonly recordJson: string;
  /** The archive entry without its text, as JSON; empty where there is none. */
  readonly entryJson: string;
  readonly text: string;
}

const LENGTH_BYTES = 4;
const MAX_BYTES_PER_UNIT = 3;

/** Makes the operation of a call. */
export function makeOperation(
  kind: OperationKind,
  record: object,
  entry: ArchiveEntry | undefined,
): Operation {
  const recordJson = JSON.stringify(record);
  if (entry === undefined) return { kind, recordJson, entryJson: '', text: '' };
  const { text, ...rest } = entry;
  return { kind, recordJson, entryJson: JSON.stringify(rest), text };
}

/** Never less than the bytes that `writeOperation` needs. */
export function boundBytes({ recordJson, entryJson, text }: Operation): number {
  const units = recordJson.length + entryJson.length + text.length;
  return 1 + 3 * LENGTH_BYTES + units * MAX_BYTES_PER_UNIT;
}

/** Writes an operation; returns where the next one begins. */
export function writeOperation(bytes: Buffer, offset: number, operation: Operation): number {
  bytes[offset] = OPERATION_KINDS.indexOf(operation.kind);
  let end = writeText(bytes, offset + 1, operation.recordJson);
  end = writeText(bytes, end, operation.entryJson);
  return writeText(bytes, end, operation.text);
}

/** Reads the operation at an offset, and where the next one begins. */
export function readOperation(bytes: Buffer, offset: number): { operation: Operation; end: number } {
  const kind = OPERATION_KINDS[bytes[offset] ?? -1];
  if (kind === undefined) throw new Error('no operation begins here');
  const record = readText(bytes, offset + 1);
  const entry = readText(bytes, record.end);
  const text = readText(bytes, entry.end);
  const operation = { kind, recordJson: record.text, entryJson: entry.text, text: text.text };
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
