import { setTimeout as wait } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import type { AdminRecord } from '../../../road/record.ts';
import type { JoinedEvidence } from '../joined.ts';
import type { FromEvidence, ToEvidence } from './message.ts';
import { OperationReader, type Operation } from './operation.ts';
import { SharedChannel, type SharedMemory } from './shared-channel.ts';

const BEAT_MS = 25;
/** For calls that end with their evidence. */
const LAST_CALLS_MS = 1000;

/** The far side of `openEvidenceThread`: performs what comes through the shared memory until it is told to stop. */
export function serveEvidence(parts: {
  readonly evidence: JoinedEvidence;
  readonly memory: SharedMemory;
  readonly port: MessagePort;
}): void {
  const { evidence, port } = parts;
  const channel = new SharedChannel(parts.memory);
  const calls = new Calls();
  const tell = (message: FromEvidence) => port.postMessage(message, []);
  const tellFault = openFaultTeller(evidence, tell);
  setInterval(() => {
    channel.beat();
    tellFault();
  }, BEAT_MS).unref();
  port.on('message', (message: ToEvidence) => {
    if (message !== 'stop') return;
    void stop(evidence, calls).then((error) => {
      tell({ kind: 'stopped', error });
      port.close();
    });
  });
  tell({ kind: 'ready' });
  void performBatches({ evidence, channel, calls, tell });
}

async function performBatches(parts: {
  readonly evidence: JoinedEvidence;
  readonly channel: SharedChannel;
  readonly calls: Calls;
  readonly tell: (message: FromEvidence) => void;
}): Promise<never> {
  const { evidence, channel, calls, tell } = parts;
  let next = 0;
  for (;;) {
    const count = await channel.awaitPost();
    // Not before: the memory may have grown while this thread waited.
    const operations = readBatch(channel.bytes, count);
    channel.take();
    for (const operation of operations) {
      const number = next++;
      calls.begin();
      perform(evidence, operation).then(
        () => {
          channel.finish(number);
          calls.end();
        },
        (error: unknown) => {
          tell({ kind: 'failed', operation: number, error: describeError(error) });
          calls.end();
        },
      );
    }
    // What comes while this batch is written need not wake this thread.
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Counts calls that are under way. */
class Calls {
  #count = 0;
  #onEnd: (() => void) | undefined;

  begin(): void {
    this.#count += 1;
  }

  end(): void {
    this.#count -= 1;
    if (this.#count === 0) this.#onEnd?.();
  }

  allEnded(): Promise<void> {
    return this.#count === 0 ? Promise.resolve() : new Promise((resolve) => (this.#onEnd = resolve));
  }
}

/** Why the evidence could not be stopped in order, or undefined. */
async function stop(evidence: JoinedEvidence, calls: Calls): Promise<string | undefined> {
  try {
    await evidence.stop();
  } catch (error) {
    return describeError(error);
  }
  await Promise.race([calls.allEnded(), wait(LAST_CALLS_MS)]);
  return undefined;
}

function readBatch(bytes: Buffer, count: number): Operation[] {
  const operations: Operation[] = [];
  const reader = new OperationReader(bytes);
  while (operations.length < count) operations.push(reader.next());
  return operations;
}

/** Not an async function, so that operations which wait for one thing share its promise; but it never throws. */
function perform(evidence: JoinedEvidence, operation: Operation): Promise<void> {
  const { kind, requestId, recordJson: json, entry } = operation;
  try {
    if (kind === 'opened') return evidence.open({ kind, requestId, json }, entry);
    if (kind === 'closed') return evidence.close({ kind, requestId, json }, entry);
    // The port's types held on the other side, and JSON carries all that a record may be.
    return evidence.note(JSON.parse(json) as AdminRecord, entry);
  } catch (error) {
    return Promise.reject(error);
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Tells a fault when it begins and when it ends. */
function openFaultTeller(evidence: JoinedEvidence, tell: (message: FromEvidence) => void): () => void {
  let told: string | undefined;
  return () => {
    const fault = evidence.fault();
    if (fault === told) return;
    told = fault;
    tell({ kind: 'fault', fault });
  };
}
