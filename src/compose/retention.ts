import type { Archive } from '../ports/archive.ts';
import type { Clock } from '../ports/clock.ts';
import type { Evidence } from '../ports/evidence.ts';

const EVERY_MS = 3_600_000;

/** Deletes archived entries whose retention is over: at start, then every hour. Each deletion is on the record. */
export function startRetention(parts: {
  readonly archive: Pick<Archive, 'expire'>;
  readonly evidence: Pick<Evidence, 'note'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly onError: (error: unknown) => void;
}): { close(): void } {
  const { archive, evidence, clock, onError } = parts;
  const expire = async () => {
    const atMs = clock.nowMs();
    const deleted = await archive.expire(atMs);
    if (deleted === 0) return;
    const reason = `${deleted} entries were past their retention`;
    await evidence.note({ kind: 'admin', atMs, action: 'archive.expire', actor: 'gateway', reason });
  };
  const run = () => void expire().catch(onError);
  const timer = setInterval(run, EVERY_MS).unref();
  run();
  return { close: () => clearInterval(timer) };
}
