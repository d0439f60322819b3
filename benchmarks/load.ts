import { connect, type Socket } from 'node:net';

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly connections: number;
  readonly durationMs: number;
  /** Stops after this many answers, if they come first. */
  readonly requests?: number;
}

export interface LoadResult {
  readonly answers: number;
  readonly errors: number;
  readonly perSecond: number;
  /** Milliseconds, sorted. */
  readonly latenciesMs: Float64Array;
}

/** Keeps each connection busy with one request at a time, over raw sockets: the client must not be the bottleneck. */
export async function load(options: LoadOptions): Promise<LoadResult> {
  const head = Object.entries({ host: '127.0.0.1', 'content-type': 'application/json', ...options.headers })
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
  const bytes = Buffer.from(
    `POST ${options.path} HTTP/1.1\r\n${head}content-length: ${Buffer.byteLength(options.body)}\r\n\r\n${options.body}`,
  );
  const latencies: number[] = [];
  let errors = 0;
  let started = 0;
  const startedAt = performance.now();
  const until = startedAt + options.durationMs;
  const mayStart = () =>
    performance.now() < until && (options.requests === undefined || started < options.requests);
  await Promise.all(
    Array.from({ length: options.connections }, async () => {
      const socket = await open(options.port);
      try {
        while (mayStart()) {
          started++;
          const sentAt = performance.now();
          const status = await ask(socket, bytes);
          latencies.push(performance.now() - sentAt);
          if (status !== 200) errors++;
        }
      } catch {
        errors++;
      } finally {
        socket.destroy();
      }
    }),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    answers: latencies.length,
    errors,
    perSecond: latencies.length / seconds,
    latenciesMs: Float64Array.from(latencies).sort(),
  };
}

export function percentile(sorted: Float64Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

/** Sends one request and waits for its whole answer; understands content-length and chunked bodies. */
function ask(socket: Socket, bytes: Buffer): Promise<number> {
  return new Promise((resolve, reject) => {
    let received = '';
    let need = -1;
    const finish = () => {
      socket.off('data', onData).off('close', onClose);
      resolve(Number(received.slice(9, 12)));
    };
    const onClose = () => reject(new Error('the connection was closed'));
    const onData = (data: Buffer) => {
      received += data.toString('latin1');
      if (need === -1) {
        const headEnd = received.indexOf('\r\n\r\n');
        if (headEnd === -1) return;
        const length = /content-length: *(\d+)/i.exec(received.slice(0, headEnd))?.[1];
        need = length === undefined ? Number.POSITIVE_INFINITY : headEnd + 4 + Number(length);
      }
      if (need === Number.POSITIVE_INFINITY ? received.endsWith('\r\n0\r\n\r\n') : received.length >= need)
        finish();
    };
    socket.on('data', onData).once('close', onClose);
    socket.write(bytes);
  });
}
