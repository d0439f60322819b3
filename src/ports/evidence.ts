import type { AdminRecord, ClosedRecord, Intent } from '../road/record.ts';
import type { ArchiveEntry } from './archive.ts';

/** What the road leaves behind: metadata and hashes in the audit log, text in the archive, each record to telemetry. */
export interface Evidence {
  /**
   * Resolves when the intent would survive a power cut, and the prompt, where one is given, the death of this process.
   * Rejects: then nothing may be inferred.
   */
  open(intent: Intent, prompt?: ArchiveEntry): Promise<void>;
  /**
   * Resolves when the answer, where one is given, and then the record would survive the death of this process. An
   * answer that cannot be kept does not arrive, so its record says `failed`, and this rejects.
   */
  close(record: ClosedRecord, answer?: ArchiveEntry): Promise<void>;
  /**
   * Resolves when the text, where one is given, would survive the death of this process, and then the record a power
   * cut. Rejects where either cannot be kept: then there is no record.
   */
  note(record: AdminRecord, text?: ArchiveEntry): Promise<void>;
  /** Why evidence cannot be written now, or undefined when it can. */
  fault(): string | undefined;
  /** Writes what is pending, signs a last checkpoint, and lets go of everything. */
  stop(): Promise<void>;
}
