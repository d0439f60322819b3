import pino, { type Logger } from 'pino';
import type { Telemetry } from '../../ports/telemetry.ts';

/** One line an attempt: who, what, how it ended. The subject is on every line, and text on none. */
export function createLogTelemetry(logger: Logger): Telemetry {
  return {
    closed(record) {
      const { caller, refusal } = record;
      const line = {
        requestId: record.requestId,
        tenant: caller?.tenant,
        subject: caller?.subject ?? 'unidentified',
        workflow: caller?.workflow,
        capability: record.capability,
        outcome: record.outcome,
        refusal: refusal?.code,
        detail: refusal?.detail,
        route: record.route,
        durationMs: record.tookUs === undefined ? undefined : Math.round(record.tookUs / 10) / 100,
      };
      if (record.outcome === 'failed') logger.warn(line, 'attempt closed');
      else logger.info(line, 'attempt closed');
    },
    stop: async () => {
      await new Promise<void>((resolve) => logger.flush(() => resolve()));
    },
  };
}

const FLUSH_MS = 100;
/** What a pipe takes at once. */
const FLUSH_LENGTH = 64 * 1024;

/** Takes whole lines. */
export interface LogFile {
  write(line: string): void;
  flush?(done?: (error?: Error) => void): void;
}

/** Gathers lines for a moment, so that one costs no system call of its own, and wakes no thread that makes it. */
export function openLogFile(fd: number): LogFile {
  // Writes at once whatever it gets: gathering itself, it would measure all that it has at every line.
  const destination = pino.destination({ fd, sync: false, minLength: 1 });
  let gathered = '';
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    clearTimeout(timer);
    timer = undefined;
    if (gathered !== '') destination.write(gathered);
    gathered = '';
  };
  return {
    write(line) {
      gathered += line;
      if (gathered.length < FLUSH_LENGTH) timer ??= setTimeout(send, FLUSH_MS).unref();
      else send();
    },
    flush(done) {
      send();
      destination.flush(done);
    },
  };
}

/** The time as pino writes it into a line; lines of one millisecond share it. */
function createTimestamp(): () => string {
  let atMs = -1;
  let text = '';
  return () => {
    const nowMs = Date.now();
    if (nowMs !== atMs) {
      atMs = nowMs;
      text = `,"time":"${new Date(nowMs).toISOString()}"`;
    }
    return text;
  };
}

/** JSON lines. */
export function createLogger({ level, file }: { readonly level: string; readonly file: LogFile }): Logger {
  return pino({ level, base: null, timestamp: createTimestamp() }, file);
}
