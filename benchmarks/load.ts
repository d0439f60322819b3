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
      const connection = await Connection.open(options.port);
      try {
        while (mayStart()) {
          started++;
          const sentAt = performance.now();
          const status = await connection.ask(bytes);
          latencies.push(performance.now() - sentAt);
          if (status !== 200) errors++;
        }
      } catch {
        errors++;
      } finally {
        connection.close();
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

const READ_BYTES = 64 * 1024;

/** One request at a time, with as little work for each as there can be: client and server share the machine. */
class Connection {
  readonly #socket: Socket;
  /** What has come of an answer that is not whole. */
  #received: Buffer | undefined;
  #waiting: PromiseWithResolvers<number> | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
  }

  static open(port: number): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const read = (bytes: number, buffer: Buffer) => {
        connection.#read(buffer.subarray(0, bytes));
        return true;
      };
      // The types leave out that the buffer comes along.
      const onread = { buffer: Buffer.alloc(READ_BYTES), callback: read as (bytes: number) => boolean };
      const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
      const connection = new Connection(socket);
      socket.once('connect', () => resolve(connection)).once('error', reject);
      socket.once('close', () => connection.#waiting?.reject(new Error('the connection was closed')));
    });
  }

  /** Sends one request; resolves with the status of its answer when all of it has come. */
  ask(bytes: Buffer): Promise<number> {
    this.#waiting = Promise.withResolvers();
    this.#socket.write(bytes);
    return this.#waiting.promise;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(bytes: Buffer): void {
    const received = this.#received === undefined ? bytes : Buffer.concat([this.#received, bytes]);
    if (isWhole(received)) {
      this.#received = undefined;
      this.#waiting?.resolve(Number(received.toString('latin1', 9, 12)));
    } else this.#received = Buffer.from(received); // the next read has the same memory
  }
}

/** Understands content-length and chunked bodies. */
function isWhole(received: Buffer): boolean {
  const headEnd = received.indexOf('\r\n\r\n');
  if (headEnd === -1) return false;
  const length = /content-length: *(\d+)/i.exec(received.toString('latin1', 0, headEnd))?.[1];
  if (length !== undefined) return received.length >= headEnd + 4 + Number(length);
  return received.toString('latin1', received.length - 7) === '\r\n0\r\n\r\n';
}
