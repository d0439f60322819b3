/** The thread that writes evidence: `startEvidence` starts it, and talks to it. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Logger } from 'pino';
import { openLocalArchive } from '../adapters/archive/local.ts';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import { systemClock } from '../adapters/clock/system.ts';
import { joinEvidence } from '../adapters/evidence/joined.ts';
import type { FromEvidence } from '../adapters/evidence/thread/message.ts';
import { serveEvidence } from '../adapters/evidence/thread/serve.ts';
import { SharedChannel } from '../adapters/evidence/thread/shared-channel.ts';
import { createRuleTelemetry } from '../adapters/telemetry/business-rules.ts';
import { createLogger, createLogTelemetry, openLogFile } from '../adapters/telemetry/log.ts';
import { createOtelTelemetry } from '../adapters/telemetry/open-telemetry.ts';
import { createPrometheusTelemetry } from '../adapters/telemetry/prometheus.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import type { EvidenceThreadData, FromTelemetry, ToTelemetry } from './start-evidence.ts';

if (parentPort === null) throw new Error('this file is the start of a thread, not of a process');
const { memory, stateDir, log, otlpEndpoint, telemetry } = workerData as EvidenceThreadData; // `startEvidence` handed it over
try {
  const file = openLogFile(log.fd);
  const prometheus = createPrometheusTelemetry();
  const tell = (message: FromTelemetry) => telemetry.postMessage(message, []);
  const rules = createRuleTelemetry((raised) => tell({ kind: 'alert', raised }));
  telemetry.on('message', (message: ToTelemetry) => {
    if (message.kind === 'line') file.write(message.line);
    else if (message.kind === 'watch') rules.watch(message.rules);
    else void prometheus.read().then((metrics) => tell({ kind: 'metrics', metrics }));
  });
  const logger = createLogger({ level: log.level, file });
  const sinks = [
    prometheus,
    rules,
    createLogTelemetry(logger),
    ...(otlpEndpoint === undefined ? [] : [await createOtelTelemetry({ endpoint: otlpEndpoint })]),
  ];
  const audit = await openLocalAuditLog({ stateDir, clock: systemClock });
  const archive = openLocalArchive({ stateDir, clock: systemClock });
  const channel = new SharedChannel(memory);
  const evidence = joinEvidence({
    audit,
    archive,
    telemetry: fanOut(sinks, logger),
    isAwaited: () => channel.isPosted(),
  });
  serveEvidence({ evidence, memory, port: parentPort });
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  parentPort.postMessage({ kind: 'unopened', error: message } satisfies FromEvidence, []);
}

/** A record that is closed stays closed, whatever becomes of its metrics. */
function fanOut(sinks: readonly Telemetry[], logger: Logger): Telemetry {
  return {
    closed: (record) => {
      for (const sink of sinks) {
        try {
          sink.closed(record);
        } catch (error) {
          const name = error instanceof Error ? error.name : 'unknown';
          logger.error({ requestId: record.requestId, error: name }, 'telemetry failed');
        }
      }
    },
    stop: async () => {
      await Promise.all(sinks.map((sink) => sink.stop()));
    },
  };
}
