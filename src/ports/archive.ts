/** `feedback`: the comment of who gave it. A request may have several. */
export const ARCHIVE_PARTS = ['prompt', 'answer', 'feedback'] as const;
export type ArchivePart = (typeof ARCHIVE_PARTS)[number];

export function isArchivePart(text: unknown): text is ArchivePart {
  return ARCHIVE_PARTS.some((part) => part === text);
}

/** What is kept, encrypted, apart from the audit log. */
export interface ArchiveEntry {
  readonly requestId: string;
  readonly tenant: string;
  readonly part: ArchivePart;
  /** UTF-8 JSON or text; it is encrypted under the tenant's key. */
  readonly text: string;
  readonly writtenAtMs: number;
  readonly retentionDays: number;
}

export interface ArchivedPart {
  readonly part: ArchivePart;
  readonly text: string;
  readonly writtenAtMs: number;
}

/** Encrypted prompts, answers and comments: AES-256-GCM, a key per tenant, so that destroying the key shreds the tenant. */
export interface Archive {
  /** Resolves when the entry would survive the death of this process. */
  seal(entry: ArchiveEntry): Promise<void>;
  /** What is kept of a request; empty when there is nothing, the retention is over or the key was shredded. */
  read(requestId: string): Promise<readonly ArchivedPart[]>;
  /** Destroys the tenant's keys. Returns the number of keys destroyed. */
  shred(tenant: string): Promise<number>;
  /** Deletes what is past its retention, within a day of its end; `read` keeps to the moment. Returns the number of entries deleted. */
  expire(nowMs: number): Promise<number>;
  fault(): string | undefined;
  stop(): Promise<void>;
}
