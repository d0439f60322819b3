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

/** Takes whole lines. */
export interface LogFile {
  write(line: string): void;
  flush?(done?: (error?: Error) => void): void;
}

/** Gathers lines for a moment, so that one costs no system call of its own. */
export function openLogFile(fd: number): LogFile {
  const destination = pino.destination({ fd, sync: false, minLength: 8192 });
  let timer: NodeJS.Timeout | undefined;
  const flush = (done?: (error?: Error) => void) => {
    clearTimeout(timer);
    timer = undefined;
    destination.flush(done);
  };
  return {
    write(line) {
      destination.write(line);
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    flush,
  };
}

/** JSON lines. */
export function createLogger({ level, file }: { readonly level: string; readonly file: LogFile }): Logger {
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, file);
}
