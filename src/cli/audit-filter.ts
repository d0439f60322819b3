import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AttemptQuery } from '../compose/evidence.ts';
import type { Outcome } from '../road/record.ts';
import { REFUSALS } from '../road/refusal.ts';
import { DEFAULT_STATE } from './defaults.ts';
import { parseTimeMs } from './terminal.ts';

/** The options of `addFilterOptions`, as commander hands them over. */
export interface FilterOptions {
  readonly user?: string;
  readonly tenant?: string;
  readonly capability?: string;
  readonly outcome?: string;
  readonly code?: string;
  readonly workflow?: string;
  readonly route?: string;
  readonly feedback?: 'any' | 'good' | 'bad';
  readonly text?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly state: string;
}

/** Every outcome, and `open` for what has none yet. */
const OUTCOMES = {
  answered: true,
  blocked: true,
  refused: true,
  failed: true,
  cancelled: true,
  abandoned: true,
  open: true,
} as const satisfies Record<Outcome | 'open', true>;

/** Adds the options that say which attempts are meant. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--user <subject>', 'asked by this user')
    .option('--tenant <name>', 'of this tenant')
    .option('--capability <name>', 'of this capability')
    .option('--outcome <outcome>', `${Object.keys(OUTCOMES).slice(0, -1).join(', ')} or open`, parseOutcome)
    .option('--code <code>', 'refused with this code, such as guardrail.input_blocked', parseCode)
    .option('--workflow <name>', 'of this workflow')
    .option('--route <name>', 'that took this route')
    .addOption(
      new Option('--feedback <kind>', 'with feedback of that kind').choices(['any', 'good', 'bad'] as const),
    )
    .option('--text <text>', 'with this text anywhere in the record')
    .option('--since <when>', 'not older than this: 24h, 7d, or 2026-01-31T12:00Z', parseWhen)
    .option('--until <when>', 'older than this', parseWhen)
    .option('--state <dir>', 'the state directory of the gateway', DEFAULT_STATE);
}

/** The query that the options stand for. */
export function toQuery({ since, until, ...rest }: FilterOptions): AttemptQuery {
  return {
    ...rest,
    ...(since !== undefined && { sinceMs: since }),
    ...(until !== undefined && { untilMs: until }),
  };
}

/** A misspelt outcome would match nothing, and "no attempt matches" would read like an answer. */
function parseOutcome(text: string): string {
  if (!Object.hasOwn(OUTCOMES, text))
    throw new InvalidArgumentError(`Write one of ${Object.keys(OUTCOMES).join(', ')}.`);
  return text;
}

function parseCode(text: string): string {
  if (Object.hasOwn(REFUSALS, text)) return text;
  const codes = Object.keys(REFUSALS);
  const [stage = '', name = stage] = text.split('.');
  const near = codes.filter((code) => code.startsWith(`${stage}.`) || code.endsWith(`.${name}`));
  throw new InvalidArgumentError(
    near.length > 0
      ? `Write one of ${near.join(', ')}; docs/reference/refusals.md lists all codes.`
      : 'docs/reference/refusals.md lists the codes.',
  );
}

export function parseWhen(text: string): number {
  const timeMs = parseTimeMs(text, Date.now());
  if (timeMs === undefined)
    throw new InvalidArgumentError('Write a duration before now (24h, 7d) or a time (2026-01-31T12:00Z).');
  return timeMs;
}

export function parseLimit(text: string): number {
  const limit = Number(text);
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new InvalidArgumentError('Write a whole number from 1 on.');
  return limit;
}
