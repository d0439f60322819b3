import { styleText } from 'node:util';

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Styles text where it goes to a terminal that shows styles (a TTY, no NO_COLOR), and leaves it alone elsewhere. */
export function paint(style: Style, text: string): string {
  return styleText(style, text, { stream: process.stdout, validateStream: true });
}

/** A column of a table: its heading, and what may be cut first where the terminal is narrow. */
export interface Column {
  readonly heading: string;
  readonly align?: 'left' | 'right';
  /** Columns shrink to this many characters before the table gets wider than the terminal. */
  readonly minWidth?: number;
  /** Where shrinking is not enough, columns that have a number are left out, the lowest first. */
  readonly dropOrder?: number;
}

const GAP = '  ';
const WIDTH_WITHOUT_TERMINAL = 160;

/** Lays out rows under headings, cut so that each fits on one line of the terminal; left out is what fits least. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width = terminalWidth(),
): string {
  const widths = fitWidths(columns, rows, width);
  const dropped = excessOf(widths, width) > 0 ? findDropped(columns) : undefined;
  if (dropped !== undefined) {
    const keep = (_: unknown, index: number) => index !== dropped;
    return formatTable(
      columns.filter(keep),
      rows.map((row) => row.filter(keep)),
      width,
    );
  }
  const layOut = (cells: readonly string[]) =>
    columns
      .map(({ align }, index) =>
        padCell({ text: cells[index] ?? '', width: widths[index] ?? 0, align: align ?? 'left' }),
      )
      .join(GAP)
      .trimEnd();
  const headings = paint('dim', layOut(columns.map(({ heading }) => heading)));
  return [headings, ...rows.map(layOut)].map((line) => `${line}\n`).join('');
}

/** Columns of the terminal; for files and pipes what COLUMNS says, or else a width that cuts little. */
export function terminalWidth(): number {
  if (process.stdout.isTTY) return process.stdout.columns;
  const told = process.env['COLUMNS'] ?? '';
  return /^[1-9][0-9]{0,4}$/.test(told) ? Number(told) : WIDTH_WITHOUT_TERMINAL;
}

/** Removes what could steer the terminal: text that a caller wrote must not clear the screen or fake output. */
export function stripControls(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
  return text.replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

/** Reads a duration such as `90s`, `24h` or `7d`; `undefined` where it is none. */
export function parseDurationMs(text: string): number | undefined {
  const [, amount, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d|w)$/.exec(text) ?? [];
  const unitMs = UNITS_MS[unit];
  return amount === undefined || unitMs === undefined ? undefined : Number(amount) * unitMs;
}

/** Reads a point in time: a duration before now, or ISO 8601. `undefined` where it is neither. */
export function parseTimeMs(text: string, nowMs: number): number | undefined {
  const agoMs = parseDurationMs(text);
  if (agoMs !== undefined) return nowMs - agoMs;
  const timeMs = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** Microseconds, for people. */
export function formatMicroseconds(us: number): string {
  if (us < 1000) return `${Math.round(us)} µs`;
  return us < 1_000_000
    ? `${(us / 1000).toFixed(us < 10_000 ? 1 : 0)} ms`
    : `${(us / 1_000_000).toFixed(2)} s`;
}

function fitWidths(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  width: number,
): number[] {
  const widths = columns.map(({ heading }, index) =>
    rows.reduce((widest, row) => Math.max(widest, (row[index] ?? '').length), heading.length),
  );
  let excess = excessOf(widths, width);
  while (excess > 0) {
    const slack = columns.map(
      ({ minWidth }, index) => (widths[index] ?? 0) - (minWidth ?? widths[index] ?? 0),
    );
    const widest = slack.indexOf(Math.max(...slack));
    if ((slack[widest] ?? 0) <= 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    excess -= 1;
  }
  return widths;
}

function excessOf(widths: readonly number[], width: number): number {
  return widths.reduce((sum, one) => sum + one, 0) + GAP.length * (widths.length - 1) - width;
}

/** Which column is left out next; `undefined` where every one must stay. */
function findDropped(columns: readonly Column[]): number | undefined {
  const orders = columns.map(({ dropOrder }) => dropOrder ?? Number.POSITIVE_INFINITY);
  const lowest = Math.min(...orders);
  return Number.isFinite(lowest) ? orders.indexOf(lowest) : undefined;
}

function padCell({ text, width, align }: { text: string; width: number; align: 'left' | 'right' }): string {
  const shown = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text;
  return align === 'right' ? shown.padStart(width) : shown.padEnd(width);
}
