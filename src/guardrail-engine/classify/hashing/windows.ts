/**
 * Overlapping windows at fixed places of a text, counted in tokens from its start: a short attack inside a long text
 * fills one of them, and where a text was cut while it streamed changes none of them.
 */
export const WINDOW_SIZES = [12, 32, 90, 250] as const;

/** Visits each window; a text that fits into one size has one window of that size, and none of the larger. */
export function visitWindows(
  tokens: number,
  visit: (start: number, end: number, size: number) => void,
): void {
  for (let size = 0; size < WINDOW_SIZES.length; size += 1) {
    const width = WINDOW_SIZES[size] ?? 0;
    const stride = width >> 1;
    for (let start = 0; start === 0 || start + stride < tokens; start += stride)
      visit(start, Math.min(start + width, tokens), size);
    if (tokens <= width) return;
  }
}
