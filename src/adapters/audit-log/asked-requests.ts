import { Worker } from 'node:worker_threads';
import type { AskedRequests } from '../../ports/asked-requests.ts';
import type { AskedRequest } from '../../road/act.ts';

export interface ToLookup {
  readonly id: number;
  readonly requestId: string;
}

export type FromLookup =
  | { readonly id: number; readonly found: AskedRequest | undefined }
  | { readonly id: number; readonly error: string };

const TIMEOUT_MS = 5_000;
/** Who comes when so many wait is told to come again. */
const MAX_WAITING = 200;

interface Waiting extends PromiseWithResolvers<AskedRequest | undefined> {
  readonly timer: NodeJS.Timeout;
}

/**
 * Finds requests in the log of a state folder by its index, which may be deleted at any time. A thread of its own reads
 * the log; it starts with the first question, so that a gateway that nobody asks has none.
 */
export function openAskedRequests(options: {
  readonly stateDir: string;
  readonly timeoutMs?: number;
}): AskedRequests {
  return new LocalAskedRequests(options.stateDir, options.timeoutMs ?? TIMEOUT_MS);
}

class LocalAskedRequests implements AskedRequests {
  readonly #stateDir: string;
  readonly #timeoutMs: number;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #lastId = 0;
  #stopped = false;

  constructor(stateDir: string, timeoutMs: number) {
    this.#stateDir = stateDir;
    this.#timeoutMs = timeoutMs;
  }

  find(requestId: string): Promise<AskedRequest | undefined> {
    if (this.#stopped) return Promise.reject(new Error('the lookup of requests is stopped'));
    if (this.#waiting.size >= MAX_WAITING) return Promise.reject(new Error('too many look for requests'));
    const id = (this.#lastId += 1);
    const late = () => this.#settle({ id, error: 'the log could not be searched in time' });
    const waiting = {
      ...Promise.withResolvers<AskedRequest | undefined>(),
      timer: setTimeout(late, this.#timeoutMs),
    };
    this.#waiting.set(id, waiting);
    this.#worker ??= this.#start();
    this.#worker.postMessage({ id, requestId } satisfies ToLookup, []);
    return waiting.promise;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#fail('the lookup of requests is stopped');
    // What it was writing is an index, which is complete or rolled back.
    await this.#worker?.terminate();
  }

  #start(): Worker {
    const url = new URL('./asked-requests-thread.ts', import.meta.url);
    const worker = new Worker(url, { workerData: this.#stateDir });
    worker.on('message', (message: FromLookup) => this.#settle(message));
    worker.on('error', (error) => this.#fail(error instanceof Error ? error.message : String(error)));
    worker.on('exit', () => {
      this.#worker = undefined;
      this.#fail('the thread that looks for requests ended');
    });
    // After its listeners, which would hold the process.
    worker.unref();
    return worker;
  }

  #settle(message: FromLookup): void {
    const waiting = this.#waiting.get(message.id);
    if (waiting === undefined) return;
    this.#waiting.delete(message.id);
    clearTimeout(waiting.timer);
    if ('error' in message) waiting.reject(new Error(message.error));
    else waiting.resolve(message.found);
  }

  #fail(error: string): void {
    for (const id of this.#waiting.keys()) this.#settle({ id, error });
  }
}
