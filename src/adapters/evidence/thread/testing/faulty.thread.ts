/** A thread whose evidence does what the request's id says, for the tests of `openEvidenceThread`. */
import { parentPort, workerData } from 'node:worker_threads';
import type { ArchiveEntry } from '../../../../ports/archive.ts';
import { serveEvidence } from '../serve.ts';
import type { SharedMemory } from '../shared-channel.ts';

if (parentPort === null) throw new Error('this file is the start of a thread');
const written: string[] = [];
let fault: string | undefined;

async function write(what: string, requestId: string, entry: ArchiveEntry | undefined): Promise<void> {
  const [word = '', ms = '0'] = requestId.split(' ');
  if (word === 'slow') await new Promise((resolve) => setTimeout(resolve, Number(ms)));
  if (word === 'block') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Number(ms));
  if (word === 'fail') throw new Error('disk full');
  if (word === 'die') process.exit(3);
  if (word === 'fault' || word === 'full') fault = 'disk full';
  // Like a record that is held until there is room.
  if (word === 'full') await new Promise((resolve) => setTimeout(resolve, 400));
  if (word === 'mend') fault = undefined;
  written.push(`${what} ${requestId} ${entry?.text.length ?? '-'}`);
}

serveEvidence({
  port: parentPort,
  memory: workerData as SharedMemory, // the test handed it over
  evidence: {
    open: (intent, prompt) => write('open', intent.requestId, prompt),
    close: (record, answer) => write('close', record.requestId, answer),
    note: (record, entry) =>
      record.reason === 'written?'
        ? Promise.reject(new Error(written.join(', ')))
        : write('note', record.reason ?? '', entry),
    fault: () => fault,
    stop: async () => {
      if (fault !== undefined) throw new Error(`stopped with records that could not be written: ${fault}`);
    },
  },
});
