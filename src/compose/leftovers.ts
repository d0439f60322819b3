import { Worker } from 'node:worker_threads';
import type { Clock } from '../ports/clock.ts';
import type { ExpiredReservation, Ledger, Usage } from '../ports/ledger.ts';
import type { LeftoverRecord, LeftoverRequest } from './leftovers-worker.ts';

const EVERY_MS = 5000;

/** Settles what crashed processes left in the ledger, every few seconds, by what the records say. */
export function startLeftovers(parts: {
  readonly ledger: Ledger;
  readonly stateDir: string;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly onError: (error: unknown) => void;
}): { close(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  let isRunning = false;
  const run = () => {
    if (isRunning || parts.ledger.fault() !== undefined) return;
    isRunning = true;
    running = settleLeftovers({ ...parts, nowMs: parts.clock.nowMs() })
      .then(() => undefined, parts.onError)
      .finally(() => (isRunning = false));
  };
  const timer = setInterval(run, EVERY_MS).unref();
  return {
    close: async () => {
      clearInterval(timer);
      await running;
    },
  };
}

/**
 * Expires reservations whose time is over, which books them in full, and corrects those of which the log knows better:
 * what was closed costs what its record says, and what was never opened asked no model. What is still open was abandoned,
 * and its record will say what was set aside. So the sum of the records is what the ledger has booked.
 */
export async function settleLeftovers(order: {
  readonly ledger: Ledger;
  readonly stateDir: string;
  readonly nowMs: number;
}): Promise<number> {
  const { ledger, stateDir, nowMs } = order;
  const expired = await ledger.expire(nowMs);
  if (expired.length === 0) return 0;
  const records = await readRecords({ stateDir, requestIds: expired.map(({ id }) => id) });
  await Promise.all(
    expired.map((leftover, index) => correct(ledger, { leftover, record: records[index], nowMs })),
  );
  return expired.length;
}

async function correct(
  ledger: Ledger,
  known: { leftover: ExpiredReservation; record: LeftoverRecord | undefined; nowMs: number },
): Promise<void> {
  const { leftover, record, nowMs } = known;
  const { id, charged } = leftover;
  if (record?.state === 'unknown') await ledger.release({ id, nowMs });
  if (record?.state !== 'closed') return;
  const actual = charged.map((used) => ({ scope: used.scope, amount: amountOf(used, record) }));
  await ledger.settle({ id, nowMs, actual });
}

function amountOf({ scope, amount }: Usage, record: Extract<LeftoverRecord, { state: 'closed' }>): number {
  const [kind = '', place, name] = scope.split('/');
  if (kind === 'tokens') return record.tokens;
  if (!kind.startsWith('budget-')) return amount;
  if (place !== 'route') return record.costMicroUsd;
  // Guardrail units, and tries of other routes, are in the record's cost: the route never took more.
  return name === record.route ? Math.min(amount, record.costMicroUsd) : 0;
}

/** Reads the log in a thread of its own: the index may have much to catch up with. */
function readRecords(request: LeftoverRequest): Promise<readonly LeftoverRecord[]> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('leftovers-worker.ts', import.meta.url), { workerData: request });
    worker.once('message', resolve).once('error', reject);
    worker.once('exit', (code) =>
      reject(new Error(`the log could not be read: its reader ended with ${code}`)),
    );
  });
}
