import type { ServerResponse } from 'node:http';

/** So much may be read in one patience: who is slower over all is taken to hold a connection open, and no more. */
const BYTES_A_PATIENCE = 1_000_000;

/** Waits until a client has read what is pending. Returns at once when it has left; cuts it off when it does not read. */
export function waitForReader(
  raw: ServerResponse,
  { patienceMs, signal }: { readonly patienceMs: number; readonly signal: AbortSignal },
): Promise<void> {
  // After 'close' neither event comes any more, so waiting for one would never end.
  if (raw.destroyed || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = () => {
      clearTimeout(timer);
      raw.off('drain', finish).off('close', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(() => raw.destroy(), allowanceMs(raw, patienceMs));
    raw.on('drain', finish).on('close', finish);
    signal.addEventListener('abort', finish);
  });
}

/** Cuts off a client that does not read the end of its answer: it holds memory and a connection. */
export function limitLastRead(raw: ServerResponse, patienceMs: number): void {
  if (raw.destroyed || raw.writableLength === 0) return;
  const timer = setTimeout(() => raw.destroy(), allowanceMs(raw, patienceMs));
  raw.once('close', () => clearTimeout(timer));
}

function allowanceMs(raw: ServerResponse, patienceMs: number): number {
  return patienceMs * Math.max(1, raw.writableLength / BYTES_A_PATIENCE);
}
