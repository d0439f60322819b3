/** The thread behind asked-requests.ts: it reads what was written to the log since the last time, and looks. */
import * as path from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import type { FromLookup, ToLookup } from './asked-requests.ts';
import { SearchIndex } from './search-index.ts';

/** So that the next one who asks waits for seconds of the log, and not for hours. */
const CATCH_UP_MS = 10_000;

const stateDir = String(workerData);
let index: SearchIndex | undefined;

parentPort?.on('message', ({ id, requestId }: ToLookup) => {
  parentPort?.postMessage(look(id, requestId), []);
});

setInterval(() => {
  try {
    catchUp();
  } catch {
    // Whoever asks next is told why.
  }
}, CATCH_UP_MS);

function catchUp(): SearchIndex {
  index ??= new SearchIndex({
    auditDir: path.join(stateDir, 'audit'),
    indexFile: path.join(stateDir, 'index', 'audit.sqlite'),
  });
  try {
    index.catchUp();
    return index;
  } catch (error) {
    // Opened anew the next time, which makes a new one of a damaged one.
    index.close();
    index = undefined;
    throw error;
  }
}

/** Always after a look at the whole log: to find one sooner than another would tell which of them exist. */
function look(id: number, requestId: string): FromLookup {
  try {
    return { id, found: catchUp().findAsked(requestId) };
  } catch (error) {
    return { id, error: error instanceof Error ? error.message : String(error) };
  }
}
