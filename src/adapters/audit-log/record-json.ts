import type { AuditRecord } from '../../road/record.ts';
import type { LogRecord } from './log-record.ts';

const texts = new WeakMap<AuditRecord | LogRecord, string>();

/** Says how a record was written where it came from, so that it is not written a second time. */
export function rememberJson(record: AuditRecord, json: string): void {
  texts.set(record, json);
}

/** A record as it stands in its line. */
export function jsonOf(record: AuditRecord | LogRecord): string {
  return texts.get(record) ?? JSON.stringify(record);
}
