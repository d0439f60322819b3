import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import * as path from 'node:path';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import { systemClock } from '../adapters/clock/system.ts';
import { openLocalSwitches } from '../adapters/switches/local.ts';
import { compileGovernance } from '../governance/compile.ts';
import type { Governance } from '../governance/governance.ts';
import type { AdminRecord } from '../road/record.ts';
import type { Flip, Switch } from '../road/switching.ts';
import { flipSwitch, type FlipOutcome } from './flip-switch.ts';

export type { FlipOutcome };

export interface FlipOrder extends Switch {
  readonly stateDir: string;
  readonly state: 'off' | 'on';
  readonly reason: string;
}

/** Turns a switch of the gateways that use a state folder. Off is in force before its record is written. */
export async function turnSwitch({ stateDir, kind, name, state, reason }: FlipOrder): Promise<FlipOutcome> {
  locateState(stateDir);
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  const flip: Flip = {
    kind,
    name,
    state,
    reason,
    actor: `os:${userInfo().username}`,
    atMs: systemClock.nowMs(),
  };
  try {
    return await flipSwitch(flip, switches, (record) => noteInLog(stateDir, record));
  } finally {
    await switches.stop();
  }
}

/** What is off in a state folder. */
export async function listSwitchedOff(stateDir: string): Promise<readonly Flip[]> {
  locateState(stateDir);
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  try {
    return await switches.list();
  } finally {
    await switches.stop();
  }
}

/** What a repository has of a kind, to see whether a name is misspelt; undefined where it cannot tell. */
export async function listNames(directory: string, kind: Switch['kind']): Promise<string[] | undefined> {
  const { governance } = await compileGovernance(directory).catch(() => ({ governance: undefined }));
  return governance === undefined ? undefined : namesOf(governance, kind);
}

function namesOf(governance: Governance, kind: Switch['kind']): string[] | undefined {
  const capabilities = [...governance.capabilities.values()];
  const versions = (all: readonly { readonly name: string; readonly version: string }[]) => [
    ...new Set(all.flatMap(({ name, version }) => [name, `${name}@${version}`])),
  ];
  switch (kind) {
    case 'tenant':
      return [...governance.tenants.keys()];
    case 'capability':
      return capabilities.map(({ name }) => name);
    case 'route':
      return [...governance.routes.keys()];
    case 'guardrail':
      return versions([...governance.guardrails.values()]);
    case 'prompt':
      return versions(capabilities.map(({ prompt }) => prompt));
    case 'tool':
      return [...new Set(capabilities.flatMap(({ tools }) => tools.map(({ name }) => name)))];
    case 'source':
      return [...new Set(capabilities.flatMap(({ context }) => context.map(({ id }) => id)))];
    case 'user':
    case 'everything':
      return undefined;
  }
}

/** Opened for the one record, once the switch is in force: the log may have to wait for others. */
async function noteInLog(stateDir: string, record: AdminRecord): Promise<void> {
  const log = await openLocalAuditLog({ stateDir, clock: systemClock, role: 'command' });
  try {
    await log.note(record);
  } finally {
    await log.stop();
  }
}

/** A misspelt folder would get switches that nobody looks at. */
function locateState(stateDir: string): void {
  if (existsSync(path.join(stateDir, 'audit')) || existsSync(path.join(stateDir, 'switches'))) return;
  throw new Error(
    `no gateway has used ${stateDir}. Name the folder that it uses with --state or GOLDENPATH_STATE.`,
  );
}
