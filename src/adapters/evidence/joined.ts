import type { Archive, ArchiveEntry } from '../../ports/archive.ts';
import type { AuditLog } from '../../ports/audit-log.ts';
import type { Evidence } from '../../ports/evidence.ts';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { ClosedRecord, Intent, WrittenIntent } from '../../road/record.ts';

export interface EvidenceParts {
  readonly audit: AuditLog;
  readonly archive: Pick<Archive, 'seal' | 'fault' | 'stop'>;
  /** Hears of every closed record as it was written, and of none that was not, after whoever waits for it. */
  readonly telemetry: Telemetry;
}

/** Takes an intent as JSON too. */
export interface JoinedEvidence extends Evidence {
  open(intent: Intent | WrittenIntent, prompt?: ArchiveEntry): Promise<void>;
}

/** An audit log, an archive and telemetry as one: whichever engines they are. */
export function joinEvidence({ audit, archive, telemetry }: EvidenceParts): JoinedEvidence {
  const tell = tellSoon(telemetry);
  return {
    open: async (intent, prompt) => {
      const opened = audit.open(intent);
      if (prompt === undefined) return await opened;
      await Promise.all([opened, seal(archive, prompt)]);
    },
    close: async (record, answer) => {
      const failure = answer === undefined ? undefined : await trySeal(archive, answer);
      const written = failure === undefined ? record : withoutAnswer(record, failure);
      await audit.close(written);
      tell(written);
      if (failure !== undefined) throw failure;
    },
    note: async (record, text) => {
      if (text !== undefined) await archive.seal(text);
      await audit.note(record);
    },
    fault: () => audit.fault() ?? archive.fault(),
    stop: async () => {
      await Promise.all([audit.stop(), archive.stop()]);
      await new Promise((resolve) => setImmediate(resolve)); // for those who are still to be told
      await telemetry.stop();
    },
  };
}

/** Tells telemetry of all records of a moment after those who wait for them were told. */
function tellSoon(telemetry: Telemetry): (record: ClosedRecord) => void {
  let records: ClosedRecord[] = [];
  const tellAll = () => {
    const told = records;
    records = [];
    for (const record of told) telemetry.closed(record);
  };
  return (record) => {
    if (records.length === 0) setImmediate(tellAll);
    records.push(record);
  };
}

/** An archive that throws rather than rejects must not leave another promise without anybody to hear it. */
async function seal(archive: Pick<Archive, 'seal'>, entry: ArchiveEntry): Promise<void> {
  await archive.seal(entry);
}

async function trySeal(archive: Pick<Archive, 'seal'>, entry: ArchiveEntry): Promise<Error | undefined> {
  try {
    await archive.seal(entry);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function withoutAnswer(record: ClosedRecord, { message }: Error): ClosedRecord {
  return { ...record, outcome: 'failed', refusal: { code: 'audit.unavailable', detail: message } };
}
