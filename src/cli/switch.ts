import { Argument, type Command } from 'commander';
import { listNames, listSwitchedOff, turnSwitch, type FlipOutcome } from '../compose/switches.ts';
import {
  describeSwitch,
  explainSwitchName,
  SWITCH_KINDS,
  type Flip,
  type Switch,
} from '../road/switching.ts';
import { DEFAULT_GOVERNANCE, DEFAULT_STATE } from './defaults.ts';
import { formatTable, paint, stripControls, type Column } from './terminal.ts';

interface TurnOptions {
  readonly reason: string;
  readonly state: string;
  readonly governance: string;
  readonly json?: true;
}

/** Adds `goldenpath switch`: off, on and list. */
export function addSwitchCommand(program: Command): void {
  const command = program
    .command('switch')
    .description(
      'turn kill switches: off within a second in every gateway of a state folder, streams included',
    );
  addTurn(command, 'off', 'stop it: new requests are refused, answers under way are cut');
  addTurn(command, 'on', 'let it go on');
  command
    .command('list')
    .description('what is off, since when, by whom and why')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .option('--json', 'one JSON object a line')
    .action(async ({ state, json }: { readonly state: string; readonly json?: true }) => {
      const off = await listSwitchedOff(state);
      process.stdout.write(
        json ? off.map((flip) => `${JSON.stringify(toJson(flip))}\n`).join('') : format(off),
      );
    });
}

function addTurn(command: Command, state: 'off' | 'on', description: string): void {
  command
    .command(state)
    .description(description)
    .addArgument(new Argument('<kind>', 'what kind of thing').choices(SWITCH_KINDS))
    .argument(
      '[name]',
      'its name: NAME@VERSION of a prompt or guardrail (NAME for every version), TENANT/SUBJECT of a user, none for everything',
    )
    .requiredOption('--reason <text>', 'why; it is recorded')
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE)
    .option(
      '--governance <dir>',
      'the governance repository, to warn of names that it does not have',
      DEFAULT_GOVERNANCE,
    )
    .option('--json', 'what happened as JSON')
    .action(async (kind: Switch['kind'], name: string | undefined, options: TurnOptions) => {
      await turn({ kind, name: name ?? '' }, state, options);
    });
}

async function turn(turned: Switch, state: 'off' | 'on', options: TurnOptions): Promise<void> {
  const misnamed = explainSwitchName(turned);
  if (misnamed !== undefined) throw new Error(`${describeSwitch(turned)}: ${misnamed}`);
  if (options.reason.trim() === '') throw new Error('say why, with --reason: it is recorded');
  const { state: stateDir, reason, governance, json } = options;
  const outcome = await turnSwitch({ ...turned, state, reason, stateDir });
  process.stdout.write(
    json ? `${JSON.stringify({ ...outcome, flip: toJson(outcome.flip) })}\n` : describe(outcome),
  );
  if (outcome.state === 'unchanged') process.exitCode = 1;
  if (outcome.unrecorded !== undefined) {
    process.stderr.write(
      `goldenpath: it could not be recorded yet (${outcome.unrecorded}); a running gateway records it as soon as it can\n`,
    );
    process.exitCode = 2;
  }
  // After the deed: a switch-off waits for nothing that it does not need.
  if (state === 'off') await warnOfUnknown(turned, governance);
}

async function warnOfUnknown(turned: Switch, governance: string): Promise<void> {
  const names = await listNames(governance, turned.kind);
  if (names === undefined || names.includes(turned.name)) return;
  process.stderr.write(
    `goldenpath: ${governance} has no ${describeSwitch(turned)}, so this may stop nothing. There are: ${names.join(', ')}\n`,
  );
}

function describe({ flip, state }: FlipOutcome): string {
  const what = stripControls(describeSwitch(flip));
  if (state === 'unchanged') return `${what} is not off\n`;
  return flip.state === 'off'
    ? `${paint('red', 'off')}: ${what}. New requests are refused and answers under way are cut within a second.\n`
    : `${paint('green', 'on')}: ${what}. Requests pass again within a second.\n`;
}

const COLUMNS: readonly Column[] = [
  { heading: 'since' },
  { heading: 'kind' },
  { heading: 'name', minWidth: 12 },
  { heading: 'by', minWidth: 8, dropOrder: 1 },
  { heading: 'reason', minWidth: 12, dropOrder: 2 },
];

function format(off: readonly Flip[]): string {
  if (off.length === 0) return `${paint('dim', 'nothing is switched off')}\n`;
  return formatTable(
    COLUMNS,
    off.map(({ atMs, kind, name, actor, reason }) =>
      [new Date(atMs).toISOString().replace('T', ' ').slice(0, 19), kind, name, actor, reason].map(
        stripControls,
      ),
    ),
  );
}

function toJson({ kind, name, state, actor, reason, atMs }: Flip): object {
  return { kind, name, state, actor, reason, at: new Date(atMs).toISOString() };
}
