/** Writes attempts until it is killed, and says on standard output what was acknowledged. Run by kill9.test.ts. */
import { writeSync } from 'node:fs';
import { openLocalAuditLog } from './local.ts';
import { makeClosed, makeIntent, testClock } from './testing.ts';

const LANES = 16;
const [stateDir = '', round = '0'] = process.argv.slice(2);
const log = await openLocalAuditLog({
  stateDir,
  clock: testClock,
  limits: { segmentBytes: 64 * 1024, checkpointLines: 64 },
});
// One synchronous line for each acknowledgement, so that none is claimed that the parent cannot have seen.
const acknowledge = (what: string) => writeSync(1, `${what}\n`);
acknowledge('ready');

async function runLane(lane: number): Promise<void> {
  for (let count = 0; ; count += 1) {
    const intent = makeIntent(`${round}-${lane}-${count}`);
    await log.open(intent);
    acknowledge(`opened ${intent.requestId}`);
    if (count % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
    await log.close(makeClosed(intent));
    acknowledge(`closed ${intent.requestId}`);
  }
}

await Promise.all(Array.from({ length: LANES }, (_, lane) => runLane(lane)));
