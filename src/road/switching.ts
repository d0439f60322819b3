/** What can be switched off. `prompt` and `guardrail`: one version, or all of a name. `source`: a passage of context. */
export const SWITCH_KINDS = [
  'everything',
  'tenant',
  'user',
  'capability',
  'prompt',
  'guardrail',
  'source',
  'tool',
  'route',
] as const;
export type SwitchKind = (typeof SWITCH_KINDS)[number];

/** One switch. `everything` has no name; a user is TENANT/SUBJECT. */
export interface Switch {
  readonly kind: SwitchKind;
  readonly name: string;
}

/** Somebody turned a switch, and says why. */
export interface Flip extends Switch {
  readonly state: 'off' | 'on';
  readonly actor: string;
  readonly reason: string;
  readonly atMs: number;
}

const NAME = '[a-z0-9][a-z0-9-]{0,62}';
const VERSIONED = new RegExp(`^${NAME}(@[1-9][0-9]{0,7})?$`);
const PLAIN = new RegExp(`^${NAME}$`);

const GRAMMAR: Readonly<Record<SwitchKind, readonly [pattern: RegExp, words: string]>> = {
  everything: [/^$/, 'everything has no name'],
  tenant: [PLAIN, "write the tenant's name"],
  // No control characters: the name stands on records and in terminals.
  user: [new RegExp(`^${NAME}/[^\\p{C}]{1,256}$`, 'u'), 'write TENANT/SUBJECT, such as acme/maya'],
  capability: [PLAIN, "write the capability's name"],
  prompt: [VERSIONED, 'write NAME@VERSION, or NAME for all its versions'],
  guardrail: [VERSIONED, 'write NAME@VERSION, or NAME for all its versions'],
  source: [/^[A-Za-z0-9._/-]{1,100}$/, 'write the id of a passage, such as returns'],
  tool: [PLAIN, "write the tool's name"],
  route: [PLAIN, "write the route's name"],
};

export function isSwitchKind(text: string): text is SwitchKind {
  return Object.hasOwn(GRAMMAR, text);
}

/** Why this cannot be the name of such a switch; undefined when it can. */
export function explainSwitchName({ kind, name }: Switch): string | undefined {
  const [pattern, words] = GRAMMAR[kind];
  return pattern.test(name) ? undefined : words;
}

/** A switch in words: `capability support-assistant`. */
export function describeSwitch({ kind, name }: Switch): string {
  return name === '' ? kind : `${kind} ${name}`;
}
