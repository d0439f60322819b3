import type { Unsigned } from './checkpoint.ts';

const FIRST_CAPACITY_BYTES = 64 * 1024;
/** UTF-8 never needs more bytes than this for one UTF-16 code unit. */
const MAX_BYTES_PER_UNIT = 3;

/** Lines that are added together and travel to the disk together. */
export class Group {
  #bytes: Buffer;
  #length = 0;
  #written: PromiseWithResolvers<void> | undefined;
  #durable: PromiseWithResolvers<void> | undefined;
  /** A new segment begins with this group. */
  startsSegment = false;
  /** To be signed once the group is durable: it covers this group and all before. */
  checkpoint: Unsigned | undefined;

  constructor(buffer: Buffer | undefined) {
    this.#bytes = buffer ?? Buffer.allocUnsafeSlow(FIRST_CAPACITY_BYTES);
  }

  get lengthBytes(): number {
    return this.#length;
  }

  /** Whether somebody waits until the group would survive a power cut. */
  get needsSync(): boolean {
    return this.#durable !== undefined || this.checkpoint !== undefined;
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Adds text; returns its length in bytes. */
  append(text: string): number {
    const needed = this.#length + text.length * MAX_BYTES_PER_UNIT;
    if (needed > this.#bytes.length) this.#grow(needed);
    const added = this.#bytes.write(text, this.#length);
    this.#length += added;
    return added;
  }

  /** One promise for all that wait for the same thing. */
  written(): Promise<void> {
    return (this.#written ??= Promise.withResolvers<void>()).promise;
  }

  durable(): Promise<void> {
    return (this.#durable ??= Promise.withResolvers<void>()).promise;
  }

  settleWritten(): void {
    this.#written?.resolve();
    this.#written = undefined;
  }

  settleDurable(): void {
    this.settleWritten();
    this.#durable?.resolve();
    this.#durable = undefined;
  }

  /** Those who wait for durability learn that it failed; those who wait for the write go on waiting. */
  rejectDurable(error: Error): void {
    this.#durable?.reject(error);
    this.#durable = undefined;
  }

  /** Those who wait for the write learn that it will not come. */
  rejectWritten(error: Error): void {
    this.#written?.reject(error);
    this.#written = undefined;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
