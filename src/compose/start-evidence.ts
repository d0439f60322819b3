import { writeSync } from 'node:fs';
import { MessageChannel, Worker, type MessagePort } from 'node:worker_threads';
import { openEvidenceThread } from '../adapters/evidence/thread/client.ts';
import type { SharedMemory } from '../adapters/evidence/thread/shared-channel.ts';
import type { WatchedRules } from '../adapters/telemetry/business-rules.ts';
import type { LogFile } from '../adapters/telemetry/log.ts';
import type { Metrics } from '../adapters/telemetry/metrics-text.ts';
import type { RaisedAlert } from '../road/alert.ts';
import type { Evidence } from '../ports/evidence.ts';

/** What the gateway hands to the thread that writes its evidence. */
export interface EvidenceThreadData extends EvidenceOptions {
  readonly memory: SharedMemory;
  /** Where the gateway's own log lines come from, and its metrics go to. */
  readonly telemetry: MessagePort;
}

export interface EvidenceOptions {
  readonly stateDir: string;
  /** Where the log lines go: a level of pino, and a file descriptor. */
  readonly log: { readonly level: string; readonly fd: number };
  readonly otlpEndpoint: string | undefined;
}

export type ToTelemetry =
  | { readonly kind: 'line'; readonly line: string }
  | { readonly kind: 'watch'; readonly rules: WatchedRules }
  | { readonly kind: 'read' };

export type FromTelemetry =
  | { readonly kind: 'metrics'; readonly metrics: Metrics }
  | { readonly kind: 'alert'; readonly raised: RaisedAlert };

const READ_MS = 3000;

/** The way to the thread's log and metrics: one hand writes the log file, so that no line cuts another one in two. */
export interface TelemetryLink extends LogFile {
  readonly far: MessagePort;
  /** The metrics of closed records; none where the thread does not answer. */
  read(): Promise<Metrics>;
  /** Looks at records for these rules from now on. */
  watch(rules: WatchedRules, onAlert: (raised: RaisedAlert) => void): void;
  /** From now on the thread is gone, and lines go to the file themselves. */
  end(): void;
}

export function openTelemetryLink(fd: number): TelemetryLink {
  const { port1: near, port2: far } = new MessageChannel();
  const waiting: ((metrics: Metrics) => void)[] = [];
  let onAlert: ((raised: RaisedAlert) => void) | undefined;
  near.on('message', (message: FromTelemetry) => {
    if (message.kind === 'alert') onAlert?.(message.raised);
    else waiting.shift()?.(message.metrics);
  });
  near.unref();
  let ended = false;
  return {
    far,
    write: (line) => {
      if (ended) writeSync(fd, line);
      else near.postMessage({ kind: 'line', line } satisfies ToTelemetry, []);
    },
    watch: (rules, raise) => {
      onAlert = raise;
      near.postMessage({ kind: 'watch', rules } satisfies ToTelemetry, []);
    },
    read: () =>
      new Promise((resolve) => {
        const late = setTimeout(resolve, ended ? 0 : READ_MS, []);
        waiting.push((metrics) => {
          clearTimeout(late);
          resolve(metrics);
        });
        near.postMessage({ kind: 'read' } satisfies ToTelemetry, []);
      }),
    end: () => {
      ended = true;
      near.close();
    },
  };
}

/** Starts the thread that writes evidence and tells telemetry of it. Rejects when evidence cannot be opened. */
export async function startEvidence(
  options: EvidenceOptions & {
    readonly link: TelemetryLink;
    /** Hears why evidence cannot be written, and `undefined` when it can again. */
    readonly onFault: (fault: string | undefined) => void;
  },
): Promise<Evidence> {
  const { stateDir, log, otlpEndpoint, link, onFault } = options;
  const start = (memory: SharedMemory) =>
    new Worker(new URL('./evidence-thread.ts', import.meta.url), {
      workerData: { memory, stateDir, log, otlpEndpoint, telemetry: link.far } satisfies EvidenceThreadData,
      transferList: [link.far],
    });
  const evidence = await openEvidenceThread({ start, onFault }).catch((error: unknown) => {
    link.end();
    throw error;
  });
  return {
    open: (intent, prompt) => evidence.open(intent, prompt),
    close: (record, answer) => evidence.close(record, answer),
    note: (record, text) => evidence.note(record, text),
    fault: () => evidence.fault(),
    stop: async () => {
      await link.read(); // what was logged before is with the thread then
      try {
        await evidence.stop();
      } finally {
        link.end();
      }
    },
  };
}
