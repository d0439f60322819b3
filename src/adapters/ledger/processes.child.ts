/** Spends a budget from many lanes at once until it is used up or it is killed. Run by processes.test.ts. */
import { writeSync } from 'node:fs';
import { openLocalLedger } from './local.ts';
import { budget, NOW_MS, reserveNow } from './testing/charges.ts';

const [stateDir = '', name = '', lanes = '0', reservedEach = '0', usedEach = '0', limit = '0'] =
  process.argv.slice(2);
const ledger = openLocalLedger({ stateDir, limits: { checkpointMs: 20 } });
// Synchronous, so that what was said was seen, whenever the process dies.
const say = (what: string) => writeSync(1, `${what}\n`);

async function runLane(lane: number): Promise<void> {
  for (let count = 0; ; count += 1) {
    const id = `${name}-${lane}-${count}`;
    const result = await reserveNow(ledger, {
      id,
      charges: [budget(Number(reservedEach), { limit: Number(limit) })],
    });
    if (result.ok) {
      say(`granted ${id}`);
      await new Promise((resolve) => setTimeout(resolve, lane % 7));
      await ledger.settle({
        id,
        nowMs: NOW_MS,
        actual: [{ scope: 'budget/tenant/acme', amount: Number(usedEach) }],
      });
      say(`settled ${id}`);
      continue;
    }
    const [balance] = await ledger.readBalances({ nowMs: NOW_MS });
    if ((balance?.settled ?? 0) + Number(reservedEach) > Number(limit)) return;
    await new Promise((resolve) => setTimeout(resolve, 5 + (lane % 20)));
    // What a dead process left reserved is not free before it expires.
    if (count > 60) return;
  }
}

await Promise.all(Array.from({ length: Number(lanes) }, (_, lane) => runLane(lane)));
await ledger.stop();
