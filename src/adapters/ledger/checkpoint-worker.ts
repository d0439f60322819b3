/** The thread behind checkpointer.ts. */
import { DatabaseSync } from 'node:sqlite';
import { parentPort, workerData } from 'node:worker_threads';

/** From here on the log begins anew: 8 MiB. Writers wait meanwhile, without holding up their event loops. */
const RESTART_PAGES = 2048;
const TIMEOUT_MS = 1000;

const db = new DatabaseSync(String(workerData), { timeout: TIMEOUT_MS });

parentPort?.on('message', (message) => {
  if (message === 'close') {
    db.close();
    parentPort?.close();
    return;
  }
  const row = db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get();
  if (Number(row?.['log']) >= RESTART_PAGES) db.exec('PRAGMA wal_checkpoint(RESTART)');
  parentPort?.postMessage('done', []);
});
