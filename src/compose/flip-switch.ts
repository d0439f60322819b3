import type { Evidence } from '../ports/evidence.ts';
import type { KeptFlip, Switches } from '../ports/switches.ts';
import type { AdminRecord } from '../road/record.ts';
import type { Flip } from '../road/switching.ts';

export interface FlipOutcome {
  readonly flip: Flip;
  /** What was on is already on. */
  readonly state: 'flipped' | 'unchanged';
  /** Why it is not on the record yet: then it follows as soon as it can. */
  readonly unrecorded?: string;
}

type Note = Pick<Evidence, 'note'>;

/**
 * Turns a switch. Off takes effect first and is recorded then: what must stop does not wait for a disk. On is recorded
 * first: nothing comes back that nobody answers for. Rejects where it could not be done.
 */
export async function flipSwitch(flip: Flip, switches: Switches, note: Note['note']): Promise<FlipOutcome> {
  return flip.state === 'off' ? switchOff(flip, switches, note) : switchOn(flip, switches, note);
}

async function switchOff(flip: Flip, switches: Switches, note: Note['note']): Promise<FlipOutcome> {
  const kept = await switches.flip(flip, { recorded: false });
  try {
    await record(kept, switches, note);
    return { flip, state: 'flipped' };
  } catch (error) {
    return { flip, state: 'flipped', unrecorded: error instanceof Error ? error.message : 'unknown' };
  }
}

async function switchOn(flip: Flip, switches: Switches, note: Note['note']): Promise<FlipOutcome> {
  const off = await switches.list();
  if (!off.some(({ kind, name }) => kind === flip.kind && name === flip.name)) {
    return { flip, state: 'unchanged' };
  }
  // Else its being off would stand after its being on.
  await recordPending(switches, note, flip.atMs + 1);
  await note(describeFlip(flip));
  await switches.flip(flip, { recorded: true });
  return { flip, state: 'flipped' };
}

/** Records what was switched off while it could not be recorded. */
export async function recordPending(switches: Switches, note: Note['note'], beforeMs: number): Promise<void> {
  for (const kept of await switches.listUnrecorded(beforeMs)) await record(kept, switches, note);
}

async function record(kept: KeptFlip, switches: Switches, note: Note['note']): Promise<void> {
  await note(describeFlip(kept, kept.id));
  await switches.markRecorded(kept.id);
}

function describeFlip({ kind, name, state, actor, reason, atMs }: Flip, id?: number): AdminRecord {
  return {
    kind: 'admin',
    atMs,
    action: `switch.${state}`,
    actor,
    reason,
    switch: { kind, name, ...(id === undefined ? {} : { flip: id }) },
  };
}
