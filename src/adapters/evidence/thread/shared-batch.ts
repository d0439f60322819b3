/** Counters, as 32-bit integers. They wrap around, which nothing minds. */
const POSTED = 0;
const ANSWERED = 1;
const OPERATIONS = 2;
const COUNTERS = 3;
const FIRST_BYTES = 1024 * 1024;
/** Address space alone: the system gives memory to what is written. */
const MAX_BYTES = 512 * 1024 * 1024;

/** What one thread hands to the other, so that both see the same batch. */
export interface SharedMemory {
  /** Apart from the bytes: V8 loses who waits on memory that can grow. */
  readonly counters: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/**
 * Memory that two threads share, in which one batch of operations at a time travels, and its answer back: a fraction of
 * what messages between threads cost. Nobody touches the bytes while it is the other's turn.
 */
export class SharedBatch {
  readonly memory: SharedMemory;
  readonly #counters: Int32Array;
  #bytes: Buffer;

  constructor(memory: SharedMemory = makeMemory()) {
    this.memory = memory;
    this.#counters = new Int32Array(memory.counters);
    this.#bytes = Buffer.from(memory.bytes, 0, memory.bytes.byteLength);
  }

  /** Where operations are written, and then, a byte for each, what became of them. */
  get bytes(): Buffer {
    const { bytes } = this.memory;
    if (this.#bytes.length < bytes.byteLength) this.#bytes = Buffer.from(bytes, 0, bytes.byteLength);
    return this.#bytes;
  }

  /** Makes room for so many bytes. Throws where that is more than a batch may have. */
  grow(bytes: number): void {
    if (bytes > this.#bytes.length) this.memory.bytes.grow(bytes);
  }

  /** Gives the batch to the other thread. */
  post(operations: number): void {
    Atomics.store(this.#counters, OPERATIONS, operations);
    this.#advance(POSTED);
  }

  /** Resolves with the number of operations when a batch has been posted that is not answered. */
  async awaitPost(): Promise<number> {
    const answered = Atomics.load(this.#counters, ANSWERED);
    while (Atomics.load(this.#counters, POSTED) === answered)
      await Atomics.waitAsync(this.#counters, POSTED, answered).value;
    return Atomics.load(this.#counters, OPERATIONS);
  }

  /** Gives the memory back. */
  answer(): void {
    this.#advance(ANSWERED);
  }

  /** Resolves when the batch that was posted last has been answered. */
  async awaitAnswer(): Promise<void> {
    const posted = Atomics.load(this.#counters, POSTED);
    for (;;) {
      const answered = Atomics.load(this.#counters, ANSWERED);
      if (answered === posted) return;
      await Atomics.waitAsync(this.#counters, ANSWERED, answered).value;
    }
  }

  #advance(counter: number): void {
    Atomics.add(this.#counters, counter, 1);
    Atomics.notify(this.#counters, counter);
  }
}

function makeMemory(): SharedMemory {
  return {
    counters: new SharedArrayBuffer(COUNTERS * Int32Array.BYTES_PER_ELEMENT),
    bytes: new SharedArrayBuffer(FIRST_BYTES, { maxByteLength: MAX_BYTES }),
  };
}
