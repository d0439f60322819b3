import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { registerLedgerConformance } from './conformance.ts';
import { LocalLedger, openLocalLedger } from './local.ts';
import { makeStateDir } from './testing/state-dir.ts';

registerLedgerConformance('local', async () => {
  const stateDir = makeStateDir();
  const opened: LocalLedger[] = [];
  return {
    open: async () => {
      const ledger = openLocalLedger({ stateDir });
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
});
