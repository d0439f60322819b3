import * as fs from 'node:fs';
import * as path from 'node:path';
import { signCheckpoint, type Unsigned } from './checkpoint.ts';
import { syncData, type AuditFiles } from './file-system.ts';
import type { SigningKey } from './signing-key.ts';

/** Where all writers of a log publish their checkpoints. */
export function checkpointFile(auditDir: string): string {
  return path.join(auditDir, 'checkpoints.jsonl');
}

/** Appends signed checkpoints to the file that all writers of a log share. */
export class CheckpointWriter {
  readonly #files: AuditFiles;
  readonly #key: SigningKey;
  readonly #fd: number;
  /** A write that failed half-way, here or in a process that died: its line is ended before the next. */
  #torn: boolean;

  constructor(options: { files: AuditFiles; auditDir: string; key: SigningKey }) {
    this.#files = options.files;
    this.#key = options.key;
    const file = checkpointFile(options.auditDir);
    this.#torn = fs.existsSync(file) && !fs.readFileSync(file, 'utf8').endsWith('\n');
    this.#fd = options.files.openSync(file, 'a', 0o640);
  }

  /** Resolves when the checkpoint is durable. It must only name lines that are. */
  async publish(checkpoint: Unsigned): Promise<void> {
    const bytes = Buffer.from(`${this.#torn ? '\n' : ''}${signCheckpoint(checkpoint, this.#key)}`);
    this.#torn = true;
    // One call: the kernel appends it whole, between the checkpoints of other processes.
    const written = this.#files.writeSync(this.#fd, bytes, 0, bytes.length, null);
    if (written < bytes.length) throw new Error('the disk took only a part of a checkpoint');
    this.#torn = false;
    await syncData(this.#files, this.#fd);
  }

  close(): void {
    this.#files.closeSync(this.#fd);
  }
}
