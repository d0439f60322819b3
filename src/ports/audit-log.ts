import type { AdminRecord, ClosedRecord, Intent, Written } from '../road/record.ts';

/** The tamper-evident log: one hash chain a writer, written in groups. */
export interface AuditLog {
  /** Resolves when the intent would survive a power cut. Rejects: then nothing may be inferred. */
  open(intent: Intent | Written<'opened'>): Promise<void>;
  /** Resolves when the record would survive the death of this process; it is made durable with its group. */
  close(record: ClosedRecord | Written<'closed'>): Promise<void>;
  /** Resolves like `open`. */
  note(record: AdminRecord): Promise<void>;
  /** Why the log cannot be written now, or undefined when it can. */
  fault(): string | undefined;
  /** Writes what is pending, signs a last checkpoint, and lets go of the files. */
  stop(): Promise<void>;
}
