/** The day and the month of the calendar in UTC, by which quotas and budgets are counted. */
export interface Calendar {
  readonly startsAtMs: number;
  /** `2026-11-20`. */
  readonly day: string;
  readonly dayEndsAtMs: number;
  /** `2026-11`. */
  readonly month: string;
  readonly monthEndsAtMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** What day and month a time is in. */
export function calendarAt(timeMs: number): Calendar {
  const startsAtMs = Math.floor(timeMs / DAY_MS) * DAY_MS;
  const date = new Date(startsAtMs);
  const day = date.toISOString().slice(0, 10);
  return {
    startsAtMs,
    day,
    dayEndsAtMs: startsAtMs + DAY_MS,
    month: day.slice(0, 7),
    monthEndsAtMs: Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1),
  };
}

/** The calendar of a request; the last one is kept, since most requests are of one day. */
export function createCalendar(): (timeMs: number) => Calendar {
  let known = calendarAt(0);
  return (timeMs) => {
    if (timeMs < known.startsAtMs || timeMs >= known.dayEndsAtMs) known = calendarAt(timeMs);
    return known;
  };
}
