/** Micro-dollars for people: cents, and finer where there are fewer than ten of them. */
export function formatUsd(microUsd: number): string {
  const isFine = microUsd !== 0 && Math.abs(microUsd) < 100_000;
  const [whole = '0', decimals = ''] = (Math.abs(microUsd) / 1e6).toFixed(isFine ? 6 : 2).split('.');
  return `${microUsd < 0 ? '-' : ''}$${whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')}.${decimals}`;
}

/** RFC 4180. A cell that a spreadsheet would run as a formula is made text. */
export function writeCsv(rows: readonly (readonly string[])[]): string {
  return rows.map((cells) => `${cells.map(writeCell).join(',')}\r\n`).join('');
}

function writeCell(cell: string): string {
  const text = /^[=+@\t\r]/.test(cell) || /^-(?!\d)/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
