import type { AuditRecord, WrittenIntent } from '../../road/record.ts';
import type { LogRecord } from './log-record.ts';

/** Not a WeakMap: with an entry for every record, the garbage collector would take a third of the thread's time. */
const WRITTEN = Symbol('how the record was written where it came from');

/** Says how a record was written where it came from, so that it is not written a second time. */
export function rememberJson(record: AuditRecord, json: string): void {
  Object.assign(record, { [WRITTEN]: json });
}

/** A record as it stands in its line. */
export function jsonOf(
  record: WrittenIntent | ((AuditRecord | LogRecord) & { readonly [WRITTEN]?: string }),
): string {
  return 'json' in record ? record.json : (record[WRITTEN] ?? JSON.stringify(record));
}
