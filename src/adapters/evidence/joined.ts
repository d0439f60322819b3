import type { Archive, ArchiveEntry } from '../../ports/archive.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Evidence } from '../../ports/evidence.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { ClosedRecord, Intent, Written } from '../../road/record.ts';

export interface EvidenceParts {
  readonly audit: AuditLog;
  readonly archive: Pick<Archive, 'seal' | 'fault' | 'stop'>;
  /** Hears of every closed record as it was written, and of none that was not, after whoever waits for it. */
  readonly telemetry: Telemetry;
  /** Whether somebody waits for this thread: telemetry, for which nobody does, is told later then. */
  readonly isAwaited?: () => boolean;
}

/** Takes records as JSON too. */
export interface JoinedEvidence extends Evidence {
  open(intent: Intent | Written<'opened'>, prompt?: ArchiveEntry): Promise<void>;
  close(record: ClosedRecord | Written<'closed'>, answer?: ArchiveEntry): Promise<void>;
}

/** Closed records of which telemetry was not told. With more, it is told whoever waits. */
const MAX_UNTOLD = 512;

/** An audit log, an archive and telemetry as one: whichever engines they are. */
export function joinEvidence(parts: EvidenceParts): JoinedEvidence {
  const { audit, archive, telemetry } = parts;
  const untold = new Untold(parts);
  const both = joinPairs();
  return {
    open: (intent, prompt) => {
      const opened = audit.open(intent);
      return prompt === undefined ? opened : both(opened, seal(archive, prompt));
    },
    close: async (record, answer) => {
      let failure: Error | undefined;
      try {
        if (answer !== undefined) await archive.seal(answer);
      } catch (error) {
        failure = error instanceof Error ? error : new Error(String(error));
      }
      const written = failure === undefined ? record : withoutAnswer(readClosed(record), failure);
      await audit.close(written);
      untold.add(written);
      if (failure !== undefined) throw failure;
    },
    note: async (record, text) => {
      if (text !== undefined) await archive.seal(text);
      await audit.note(record);
    },
    fault: () => audit.fault() ?? archive.fault(),
    stop: async () => {
      await Promise.all([audit.stop(), archive.stop()]);
      await new Promise((resolve) => setImmediate(resolve)); // for those who are still to be written
      untold.tellAll();
      await telemetry.stop();
    },
  };
}

/** Closed records of which telemetry is told when nobody waits for anything else. */
class Untold {
  readonly #telemetry: Telemetry;
  readonly #isAwaited: () => boolean;
  #records: (ClosedRecord | Written<'closed'>)[] = [];
  readonly #tellSoon = () => {
    let told = 0;
    for (const record of this.#records) {
      // Looked at before each of them: whoever comes now need not wait for the others.
      const isFull = this.#records.length - told > MAX_UNTOLD;
      if (!isFull && this.#isAwaited()) break;
      this.#tell(record);
      told += 1;
    }
    if (told > 0) this.#records = this.#records.slice(told);
    if (this.#records.length > 0) setImmediate(this.#tellSoon);
  };

  constructor({ telemetry, isAwaited = () => false }: EvidenceParts) {
    this.#telemetry = telemetry;
    this.#isAwaited = isAwaited;
  }

  add(record: ClosedRecord | Written<'closed'>): void {
    if (this.#records.length === 0) setImmediate(this.#tellSoon);
    this.#records.push(record);
  }

  tellAll(): void {
    const records = this.#records;
    this.#records = [];
    for (const record of records) this.#tell(record);
  }

  #tell(record: ClosedRecord | Written<'closed'>): void {
    this.#telemetry.closed(readClosed(record));
  }
}

function readClosed(record: ClosedRecord | Written<'closed'>): ClosedRecord {
  // The port's types held where it was written, and JSON carries all that a record may be.
  return 'json' in record ? (JSON.parse(record.json) as ClosedRecord) : record;
}

/** An archive that throws rather than rejects must not leave another promise without anybody to hear it. */
function seal(archive: Pick<Archive, 'seal'>, entry: ArchiveEntry): Promise<void> {
  try {
    return archive.seal(entry);
  } catch (error) {
    return Promise.reject(error);
  }
}

/**
 * Waits for two promises at once. What is written together has the same two, and is waited for once: a log hands out one
 * promise for a group of lines, and an archive one for what it seals together.
 */
function joinPairs(): (first: Promise<void>, second: Promise<void>) => Promise<void> {
  let last:
    | { readonly first: Promise<void>; readonly second: Promise<void>; readonly both: Promise<void> }
    | undefined;
  return (first, second) => {
    if (last?.first !== first || last.second !== second)
      last = { first, second, both: Promise.all([first, second]).then(() => undefined) };
    return last.both;
  };
}

function withoutAnswer(record: ClosedRecord, { message }: Error): ClosedRecord {
  return { ...record, outcome: 'failed', refusal: { code: 'audit.unavailable', detail: message } };
}
