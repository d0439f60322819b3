import { type Command, InvalidArgumentError } from 'commander';
import type { AttemptQuery } from '../compose/evidence.ts';
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
  readonly text?: string;
  readonly since?: number;
  readonly until?: number;
  readonly limit?: number;
  readonly state: string;
}

/** Adds the options that say which attempts are meant. */
export function addFilterOptions(command: Command): Command {
  return command
    .option('--user <subject>', 'asked by this user')
    .option('--tenant <name>', 'of this tenant')
    .option('--capability <name>', 'of this capability')
    .option('--outcome <outcome>', 'answered, blocked, refused, failed, cancelled, abandoned or open')
    .option('--code <code>', 'refused with this code, such as guardrail.input_blocked')
    .option('--workflow <name>', 'of this workflow')
    .option('--route <name>', 'that took this route')
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
