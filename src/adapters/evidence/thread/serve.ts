import type { MessagePort } from 'node:worker_threads';
import type { Evidence } from '../../../ports/evidence.ts';
import type { AuditRecord } from '../../../road/record.ts';
import { rememberJson } from '../../audit-log/record-json.ts';
import { DONE, LATER, type FromEvidence, type ToEvidence } from './message.ts';
import { readEntry, readOperation, type Operation } from './operation.ts';
import { SharedBatch, type SharedMemory } from './shared-batch.ts';

/** What takes longer is answered apart, so that a slow disk does not hold up what may go on. */
const LATER_MS = 25;
const FAULT_EVERY_MS = 100;

/** The far side of `openEvidenceThread`: performs batches from the shared memory until it is told to stop. */
export function serveEvidence(parts: {
  readonly evidence: Evidence;
  readonly memory: SharedMemory;
  readonly port: MessagePort;
}): void {
  const { evidence, port } = parts;
  const tell = (message: FromEvidence) => port.postMessage(message, []);
  const faults = setInterval(openFaultTeller(evidence, tell), FAULT_EVERY_MS).unref();
  port.on('message', (message: ToEvidence) => {
    if (message !== 'stop') return;
    clearInterval(faults);
    void describeFailure(evidence.stop()).then((error) => {
      tell({ kind: 'stopped', error });
      port.close();
    });
  });
  tell({ kind: 'ready' });
  void performBatches(evidence, new SharedBatch(parts.memory), tell);
}

async function performBatches(
  evidence: Evidence,
  batch: SharedBatch,
  tell: (message: FromEvidence) => void,
): Promise<never> {
  let operation = 0;
  for (;;) {
    const count = await batch.awaitPost();
    // Not before: the memory may have grown while this thread waited.
    const running = readBatch(batch.bytes, count).map((each) => run(evidence, each));
    await settleWithin(LATER_MS, Promise.all(running.map(({ failure }) => failure)));
    for (const [index, { failure, isDone }] of running.entries()) {
      batch.bytes[index] = isDone() ? DONE : LATER;
      const number = operation++;
      if (!isDone()) void failure.then((error) => tell({ kind: 'settled', operation: number, error }));
    }
    batch.answer();
  }
}

/** Resolves when the promise does, or when it takes too long. It never rejects. */
function settleWithin(ms: number, promise: Promise<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

function readBatch(bytes: Buffer, count: number): Operation[] {
  const operations: Operation[] = [];
  let offset = 0;
  while (operations.length < count) {
    const { operation, end } = readOperation(bytes, offset);
    operations.push(operation);
    offset = end;
  }
  return operations;
}

/** An operation under way: why it failed, or `undefined`, and whether it has succeeded yet. */
interface Running {
  readonly failure: Promise<string | undefined>;
  readonly isDone: () => boolean;
}

function run(evidence: Evidence, operation: Operation): Running {
  let done = false;
  const succeed = perform(evidence, operation).then(() => void (done = true));
  return { failure: describeFailure(succeed), isDone: () => done };
}

async function perform(evidence: Evidence, operation: Operation): Promise<void> {
  const entry = readEntry(operation);
  // The port's types held on the other side, and JSON carries all that a record may be.
  const record = JSON.parse(operation.recordJson) as AuditRecord;
  rememberJson(record, operation.recordJson);
  if (record.kind === 'opened') return await evidence.open(record, entry);
  if (record.kind === 'closed') return await evidence.close(record, entry);
  return await evidence.note(record, entry);
}

async function describeFailure(promise: Promise<void>): Promise<string | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Tells a fault when it begins and when it ends. */
function openFaultTeller(evidence: Evidence, tell: (message: FromEvidence) => void): () => void {
  let told: string | undefined;
  return () => {
    const fault = evidence.fault();
    if (fault === told) return;
    told = fault;
    tell({ kind: 'fault', fault });
  };
}
