import cluster, { type Worker } from 'node:cluster';
import { joinMetrics, type Metrics } from '../adapters/telemetry/metrics-text.ts';
import type { Siblings } from './local.ts';

const METRICS_MS = 3000;
const FIRST_RESTART_MS = 500;
const LONGEST_RESTART_MS = 30_000;
/** Who lived so long is not one that dies again and again. */
const STEADY_MS = 60_000;

type FromWorker =
  | { readonly kind: 'ready'; readonly greeting: string }
  | { readonly kind: 'join metrics'; readonly ask: number; readonly own: Metrics }
  | { readonly kind: 'metrics'; readonly ask: number; readonly metrics: Metrics };
type ToWorker =
  | { readonly kind: 'read metrics'; readonly ask: number }
  | { readonly kind: 'joined metrics'; readonly ask: number; readonly text: string };

/** Whether this process answers requests beside others on one port. */
export function isOneOfSeveral(): boolean {
  return cluster.isWorker;
}

export interface WorkersOptions {
  readonly count: number;
  /** Hears the first worker's greeting, and the ids of all processes, when all of them are ready. */
  readonly onReady: (greeting: string, pids: readonly number[]) => void;
  readonly onLost: (message: string) => void;
}

export interface Workers {
  /** The exit code of the whole: 0 when all stopped in order. */
  readonly ended: Promise<number>;
  /** Passes a signal on. Those that end after a signal to stop are not replaced. */
  signal(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): void;
}

/**
 * Runs this very command line in several processes that share the port, the ledger, the switches and the audit log, each
 * with a chain of its own. One that dies is replaced, and its successor closes what it left open. The first one starts
 * alone, so that what is wrong is said once.
 */
export function startWorkers({ count, onReady, onLost }: WorkersOptions): Workers {
  const { promise: ended, resolve: end } = Promise.withResolvers<number>();
  let greeting: string | undefined;
  let ready = 0;
  let stopping = false;
  let exitCode = 0;
  let restartMs = FIRST_RESTART_MS;
  const live = () => Object.values(cluster.workers ?? {}).filter((worker) => worker !== undefined);
  const metrics = joinOnRequest(live);

  const fork = () => {
    const startedMs = performance.now();
    const worker = cluster.fork();
    let isReady = false;
    worker.on('message', (message: FromWorker) => {
      if (message.kind !== 'ready') return metrics.hear(worker, message);
      isReady = true;
      ready += 1;
      if (greeting === undefined) {
        greeting = message.greeting;
        for (let others = 1; others < count; others += 1) fork();
      }
      if (ready === count)
        onReady(
          greeting,
          live().flatMap(({ process: { pid } }) => pid ?? []),
        );
    });
    worker.on('exit', (code: number | null, signal: string | null) => {
      // Once all have served, one that cannot start (the disk is full) is no reason to end the others: it is tried again.
      if (stopping || (!isReady && ready < count)) {
        // It was asked to stop; or else it never served, and has said why.
        exitCode = Math.max(exitCode, code ?? (stopping ? 0 : 1));
        if (!stopping) for (const other of live()) other.process.kill('SIGTERM');
        stopping = true;
        if (live().length === 0) end(exitCode);
        return;
      }
      restartMs =
        performance.now() - startedMs > STEADY_MS
          ? FIRST_RESTART_MS
          : Math.min(restartMs * 2, LONGEST_RESTART_MS);
      onLost(`worker ${worker.process.pid} ended (${signal ?? `exit code ${code}`}) and is replaced`);
      setTimeout(() => stopping || fork(), restartMs);
    });
  };
  fork();

  return {
    ended,
    signal: (signal) => {
      if (signal !== 'SIGHUP') stopping = true;
      for (const worker of live()) worker.process.kill(signal);
      if (stopping && live().length === 0) end(exitCode);
    },
  };
}

/** A worker that is asked for the metrics has them joined here: whoever scrapes reaches any one of them. */
function joinOnRequest(live: () => readonly Worker[]): {
  hear(worker: Worker, message: Exclude<FromWorker, { kind: 'ready' }>): void;
} {
  let asks = 0;
  const waiting = new Map<number, (metrics: Metrics) => void>();
  const read = (worker: Worker): Promise<Metrics> =>
    new Promise((resolve) => {
      const ask = (asks += 1);
      const settle = (metrics: Metrics) => {
        clearTimeout(late);
        waiting.delete(ask);
        resolve(metrics);
      };
      const late = setTimeout(settle, METRICS_MS, []);
      waiting.set(ask, settle);
      tell(worker, { kind: 'read metrics', ask });
    });
  return {
    hear: (worker, message) => {
      if (message.kind === 'metrics') return waiting.get(message.ask)?.(message.metrics);
      const others = live().filter((other) => other !== worker);
      void Promise.all(others.map(read)).then(async (theirs) => {
        const text = await joinMetrics([message.own, ...theirs]);
        tell(worker, { kind: 'joined metrics', ask: message.ask, text });
      });
    },
  };
}

function tell(worker: Worker, message: ToWorker): void {
  if (worker.isConnected()) worker.send(message);
}

/** A worker's side: tells that it is ready, and has its metrics joined with those of the others. */
export function joinSiblings(): Siblings & { tellReady(greeting: string): void; leave(): void } {
  const send = (message: FromWorker) => process.send?.(message);
  // Else Node would end a worker whose parent died in the middle of its requests.
  if (cluster.worker !== undefined) cluster.worker.exitedAfterDisconnect = true;
  let asks = 0;
  const waiting = new Map<number, (text: string) => void>();
  return {
    tellReady: (greeting) => send({ kind: 'ready', greeting }),
    // Else the channel to the parent would keep a process that failed to start.
    leave: () => process.channel?.unref(),
    formatMetrics: (own) =>
      new Promise((resolve) => {
        const ask = (asks += 1);
        waiting.set(ask, resolve);
        send({ kind: 'join metrics', ask, own });
      }),
    serveMetrics: (read) => {
      process.on('message', (message: ToWorker) => {
        if (message.kind === 'joined metrics') {
          waiting.get(message.ask)?.(message.text);
          waiting.delete(message.ask);
        } else {
          void read().then((metrics) => send({ kind: 'metrics', ask: message.ask, metrics }));
        }
      });
    },
  };
}
