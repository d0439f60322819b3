import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { registerLedgerConformance, type LedgerUnderTest } from './conformance.ts';
import { LocalLedger, openLocalLedger, type LocalLedgerLimits } from './local.ts';
import { makeStateDir } from './testing/state-dir.ts';

for (const [engine, journalLines] of [
  ['local', 512],
  ['local, its tables written all the time,', 3],
] as const)
  registerLedgerConformance(engine, () => makeStore({ journalLines }));

async function makeStore(limits: Partial<LocalLedgerLimits>): Promise<LedgerUnderTest> {
  const stateDir = makeStateDir();
  const opened: LocalLedger[] = [];
  return {
    open: async () => {
      const ledger = openLocalLedger({ stateDir, limits });
      opened.push(ledger);
      return ledger;
    },
    crash: async (ledger) => {
      assert.ok(ledger instanceof LocalLedger);
      ledger.abort();
    },
    dispose: async () => {
      for (const ledger of opened) ledger.abort();
      rmSync(stateDir, { recursive: true });
    },
  };
}
