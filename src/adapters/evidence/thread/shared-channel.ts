/** Counters, as 32-bit integers. They wrap around, which nothing minds. */
const POSTED = 0;
const TAKEN = 1;
const COUNT = 2;
/** Raised whenever the far side has done what the near side waits for. */
const CHANGES = 3;
/** Whether the near side has another batch. */
const WANTED = 4;
/** Raised as long as the far side is alive. */
const BEATS = 5;
/** Whether the far side must be woken to see that a batch is there. */
const SLEEPS = 6;
const COUNTERS = 7;
const FIRST_BYTES = 1024 * 1024;
/** Address space alone: the system gives memory to what is written. */
const MAX_BYTES = 512 * 1024 * 1024;

/** Operations that may be under way at one time: each has a byte that says whether it is done. */
export const MAX_UNDER_WAY = 16_384;
const RUNNING = 0;
const DONE = 1;

/** What one thread hands to the other, so that both see the same. */
export interface SharedMemory {
  /** Apart from the bytes: V8 loses who waits on memory that can grow. */
  readonly counters: SharedArrayBuffer;
  readonly done: SharedArrayBuffer;
  readonly bytes: SharedArrayBuffer;
}

/**
 * Memory that two threads share: operations go over in batches, one at a time, and that each is done comes back by its
 * number, in any order. A fraction of what messages between threads cost. Nobody touches a batch while it is the
 * other's turn.
 */
export class SharedChannel {
  readonly memory: SharedMemory;
  readonly #counters: Int32Array;
  readonly #done: Uint8Array;
  #bytes: Buffer;
  #changesSoon = false;
  readonly #changeSoon = () => {
    this.#changesSoon = false;
    this.#change();
  };

  constructor(memory: SharedMemory = makeMemory()) {
    this.memory = memory;
    this.#counters = new Int32Array(memory.counters);
    this.#done = new Uint8Array(memory.done);
    this.#bytes = Buffer.from(memory.bytes, 0, memory.bytes.byteLength);
  }

  /** Where the operations of a batch are. */
  get bytes(): Buffer {
    const { bytes } = this.memory;
    if (this.#bytes.length < bytes.byteLength) this.#bytes = Buffer.from(bytes, 0, bytes.byteLength);
    return this.#bytes;
  }

  /** Makes room for so many bytes. Throws where that is more than a batch may have. */
  grow(bytes: number): void {
    if (bytes > this.#bytes.length) this.memory.bytes.grow(bytes);
  }

  /** Near side: gives the batch to the other thread. */
  post(operations: number): void {
    Atomics.store(this.#counters, COUNT, operations);
    Atomics.add(this.#counters, POSTED, 1);
    // Waking a thread costs both of them, and who is at work looks before it sleeps.
    if (Atomics.exchange(this.#counters, SLEEPS, 0) === 1) Atomics.notify(this.#counters, POSTED);
  }

  /** Whether the batch that was posted last was not taken yet. */
  isPosted(): boolean {
    return Atomics.load(this.#counters, POSTED) !== Atomics.load(this.#counters, TAKEN);
  }

  /** Near side: whether another batch may be posted now; where not, a change tells when it may. */
  mayPost(): boolean {
    if (!this.isPosted()) return true;
    Atomics.store(this.#counters, WANTED, 1);
    return !this.isPosted(); // it may have been taken meanwhile
  }

  /** Far side: resolves with the number of operations when a batch is there. */
  async awaitPost(): Promise<number> {
    const taken = Atomics.load(this.#counters, TAKEN);
    while (Atomics.load(this.#counters, POSTED) === taken) {
      Atomics.store(this.#counters, SLEEPS, 1);
      // It ends at once where a batch was posted since.
      await Atomics.waitAsync(this.#counters, POSTED, taken).value;
    }
    return Atomics.load(this.#counters, COUNT);
  }

  /** Far side: gives the memory of a batch back, which has been read. */
  take(): void {
    Atomics.add(this.#counters, TAKEN, 1);
    // Waking the other thread costs both of them, so only where it has more.
    if (Atomics.exchange(this.#counters, WANTED, 0) === 1) this.#change();
  }

  /** Far side: an operation is done, by its number. The near side hears of it with all that are done at this moment. */
  finish(operation: number): void {
    Atomics.store(this.#done, operation % MAX_UNDER_WAY, DONE);
    if (this.#changesSoon) return;
    this.#changesSoon = true;
    process.nextTick(this.#changeSoon);
  }

  /** Near side: whether an operation is done. A yes is given once. */
  takeDone(operation: number): boolean {
    return Atomics.exchange(this.#done, operation % MAX_UNDER_WAY, RUNNING) === DONE;
  }

  /** Far side: shows that it is alive; to be called every moment. */
  beat(): void {
    Atomics.add(this.#counters, BEATS, 1);
  }

  /** Near side: another number whenever the far side has shown that it is alive. */
  get beats(): number {
    return Atomics.load(this.#counters, BEATS);
  }

  /** Near side: a number to hand to `awaitChange`. */
  get changes(): number {
    return Atomics.load(this.#counters, CHANGES);
  }

  /** Near side: resolves when the far side has done something since. */
  async awaitChange(since: number): Promise<void> {
    while (this.changes === since) await Atomics.waitAsync(this.#counters, CHANGES, since).value;
  }

  #change(): void {
    Atomics.add(this.#counters, CHANGES, 1);
    Atomics.notify(this.#counters, CHANGES);
  }
}

function makeMemory(): SharedMemory {
  return {
    counters: new SharedArrayBuffer(COUNTERS * Int32Array.BYTES_PER_ELEMENT),
    done: new SharedArrayBuffer(MAX_UNDER_WAY),
    bytes: new SharedArrayBuffer(FIRST_BYTES, { maxByteLength: MAX_BYTES }),
  };
}
