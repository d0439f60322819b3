import type { SwitchedOff } from '../../ports/switches.ts';
import type { CallerFacts } from '../../road/caller.ts';
import type { Passage, Route } from '../../road/governed.ts';
import type { Grant } from '../../road/proofs.ts';
import { refuse, type Refusal } from '../../road/refusal.ts';

/** What of a request is off, in the order of the road. Names go on the record; the caller is told the kind. */

export function findCallerOff(off: SwitchedOff, caller: CallerFacts): Refusal | undefined {
  if (off.size === 0) return undefined;
  if (off.has('everything', '')) return refuse('switch.everything_off');
  if (off.has('tenant', caller.tenant)) return refuse('switch.tenant_off', { detail: caller.tenant });
  return findUserOff(off, caller);
}

export function findUserOff(off: SwitchedOff, { tenant, subject }: CallerFacts): Refusal | undefined {
  return off.has('user', `${tenant}/${subject}`) ? refuse('switch.user_off') : undefined;
}

export function findGrantOff(off: SwitchedOff, { capability }: Grant): Refusal | undefined {
  const { name, prompt, guardrail } = capability;
  if (off.has('capability', name)) return refuse('switch.capability_off', { detail: name });
  if (hasVersion(off, 'prompt', prompt)) return refuse('switch.prompt_off', { detail: toId(prompt) });
  // Never without it: what the guardrail guards waits for another version.
  if (hasVersion(off, 'guardrail', guardrail)) {
    return refuse('switch.guardrail_off', { detail: toId(guardrail) });
  }
  return undefined;
}

export function findToolsOff(off: SwitchedOff, tools: readonly string[]): Refusal | undefined {
  const found = tools.find((name) => off.has('tool', name));
  return found === undefined ? undefined : refuse('switch.tool_off', { detail: found });
}

export function findSourcesOff(off: SwitchedOff, passages: readonly Passage[]): Refusal | undefined {
  const found = passages.find(({ id }) => off.has('source', id));
  return found === undefined ? undefined : refuse('switch.source_off', { detail: found.id });
}

export function leaveOutSources(off: SwitchedOff, passages: readonly Passage[]): readonly Passage[] {
  return passages.some(({ id }) => off.has('source', id))
    ? passages.filter(({ id }) => !off.has('source', id))
    : passages;
}

export function refuseRoutes(routes: readonly Route[]): Refusal {
  return refuse('switch.route_off', { detail: routes.map(({ name }) => name).join(', ') });
}

interface Versioned {
  readonly name: string;
  readonly version: string;
}

function hasVersion(off: SwitchedOff, kind: 'prompt' | 'guardrail', versioned: Versioned): boolean {
  return off.has(kind, versioned.name) || off.has(kind, toId(versioned));
}

function toId({ name, version }: Versioned): string {
  return `${name}@${version}`;
}
