import { z } from 'zod';
import type { Budget, PeopledLimits, PlaceLimits, UseLimits } from '../road/governed.ts';

/** The blocks `admission`, `users` and `budget`, which tenants, capabilities, workflows, routes and the root share. */

const count = z.int().min(0).max(1_000_000_000_000);

export const useLimits = z
  .strictObject({
    requestsPerSecond: z.number().positive().max(1_000_000).optional(),
    burst: z
      .int()
      .min(1)
      .max(1_000_000)
      .optional()
      .describe('Requests that may come at once. Absent: as many as in a second.'),
    requestsPerMonth: count.optional().describe('In a month of the calendar, in UTC.'),
    tokensPerMinute: count.optional().describe('Of prompts and answers, in any minute.'),
    concurrentRequests: count.optional(),
  })
  .refine(
    (limits) => limits.burst === undefined || limits.requestsPerSecond !== undefined,
    'burst says nothing without requestsPerSecond',
  );

const usd = z
  .number()
  .min(0)
  .max(1_000_000_000)
  .refine((amount) => isWhole(amount * 1_000_000), 'a millionth of a dollar is the least that is counted');

export const budget = z
  .strictObject({
    usdPerDay: usd.optional().describe('A day of the calendar, in UTC.'),
    usdPerMonth: usd.optional().describe('A month of the calendar, in UTC.'),
    alertAtPercent: z
      .number()
      .min(1)
      .max(100)
      .default(80)
      .describe('From this share on, records say that the budget is nearly spent.'),
  })
  .refine(
    (limits) => limits.usdPerDay !== undefined || limits.usdPerMonth !== undefined,
    'write usdPerDay or usdPerMonth',
  );

export const placeBlocks = {
  admission: useLimits.prefault({}).describe('What all of it together may use.'),
  budget: budget.optional(),
};

export const peopledBlocks = {
  ...placeBlocks,
  users: useLimits.prefault({}).describe('What each user may use.'),
};

interface PlaceFile {
  readonly admission: z.infer<typeof useLimits>;
  readonly budget?: z.infer<typeof budget> | undefined;
}

/** The blocks as the road reads them. */
export function toPlaceLimits(file: PlaceFile): PlaceLimits {
  return {
    admission: toUseLimits(file.admission),
    budget: file.budget === undefined ? undefined : toBudget(file.budget),
  };
}

/** The same, where single users have limits, too. */
export function toPeopledLimits(
  file: PlaceFile & { readonly users: z.infer<typeof useLimits> },
): PeopledLimits {
  return { ...toPlaceLimits(file), users: toUseLimits(file.users) };
}

export function toUseLimits(file: z.infer<typeof useLimits>): UseLimits {
  const { requestsPerSecond, burst, requestsPerMonth, tokensPerMinute, concurrentRequests } = file;
  return {
    ...(requestsPerSecond !== undefined && {
      rate: { perSecond: requestsPerSecond, burst: burst ?? Math.max(1, Math.ceil(requestsPerSecond)) },
    }),
    ...(requestsPerMonth !== undefined && { requestsPerMonth }),
    ...(tokensPerMinute !== undefined && { tokensPerMinute }),
    ...(concurrentRequests !== undefined && { concurrentRequests }),
  };
}

function toBudget({ usdPerDay, usdPerMonth, alertAtPercent }: z.infer<typeof budget>): Budget {
  return {
    ...(usdPerDay !== undefined && { dayMicroUsd: Math.round(usdPerDay * 1_000_000) }),
    ...(usdPerMonth !== undefined && { monthMicroUsd: Math.round(usdPerMonth * 1_000_000) }),
    alertAtPercent,
  };
}

/** A decimal times a million is off by its own rounding in binary. */
function isWhole(amount: number): boolean {
  return Math.abs(amount - Math.round(amount)) <= Math.abs(amount) * 1e-12;
}
