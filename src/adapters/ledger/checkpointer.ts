import { Worker } from 'node:worker_threads';

/**
 * Folds SQLite's log into its file, in a thread of its own: that waits for the disk, and on the main thread every
 * stream of the process would wait with it. It also bounds what a power cut takes to the last `everyMs`. Starts with the
 * first commit, and costs nothing while nothing is written.
 */
export class Checkpointer {
  readonly #file: string;
  readonly #everyMs: number;
  #worker: Worker | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #again = false;
  #ended = false;

  constructor(options: { file: string; everyMs: number }) {
    this.#file = options.file;
    this.#everyMs = options.everyMs;
  }

  /** Something was written, and is folded soon. */
  noteCommit(): void {
    if (this.#timer !== undefined || this.#ended) return;
    if (this.#running) this.#again = true;
    else this.#timer = setTimeout(() => this.#run(), this.#everyMs).unref();
  }

  /** Lets go of the file. */
  async stop(): Promise<void> {
    this.#end();
    const worker = this.#worker;
    if (worker === undefined) return;
    const exited = new Promise((resolve) => worker.once('exit', resolve));
    worker.ref();
    worker.postMessage('close', []);
    await exited;
  }

  /** Lets go of the file at once. */
  abort(): void {
    this.#end();
    void this.#worker?.terminate();
  }

  #end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #run(): void {
    this.#timer = undefined;
    this.#running = true;
    this.#worker ??= this.#start();
    this.#worker.postMessage('checkpoint', []);
  }

  #start(): Worker {
    // The same kind of file as this one, whether it runs as it stands or was compiled.
    const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
    const url = new URL(`./checkpoint-worker.${extension}`, import.meta.url);
    const worker = new Worker(url, { workerData: this.#file });
    worker.unref();
    worker.on('message', () => this.#done());
    // Without it the log grows until the main thread folds it itself: slower, and nothing is lost.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      this.#worker = undefined;
      this.#done();
    });
    return worker;
  }

  #done(): void {
    this.#running = false;
    if (!this.#again) return;
    this.#again = false;
    this.noteCommit();
  }
}
