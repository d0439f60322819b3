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

/** JSON lines to a file descriptor, gathered for a moment so that a line costs no system call of its own. */
export function createLogger(input: { readonly level: string; readonly fd: number }): Logger {
  const destination = pino.destination({ fd: input.fd, sync: false, minLength: 8192 });
  let timer: NodeJS.Timeout | undefined;
  const flush = (done?: (error?: Error) => void) => {
    clearTimeout(timer);
    timer = undefined;
    destination.flush(done);
  };
  const gathering = {
    write(line: string) {
      destination.write(line);
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    flush,
  };
  return pino({ level: input.level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, gathering);
}
