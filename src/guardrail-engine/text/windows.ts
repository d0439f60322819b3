/** How much of a text classifiers see at once, and how far apart such windows end. UTF-16 code units. */
export const WINDOW_UNITS = 1024;
export const STRIDE_UNITS = 512;

/** A stretch of a text that is judged at once. */
export type TextWindow = { start: number; end: number };

/**
 * The windows of a text: they stand at fixed positions, so that a stream has the same ones however it was cut. Each
 * ends a stride behind the one before, the last where the text ends.
 */
export function listWindows(length: number): TextWindow[] {
  const windows: TextWindow[] = [];
  for (let end = STRIDE_UNITS; end < length; end += STRIDE_UNITS) windows.push(windowEndingAt(end));
  if (length > 0) windows.push(windowEndingAt(length));
  return windows;
}

/** The window that ends somewhere: it begins at the stride that leaves it as long as a window may be. */
export function windowEndingAt(end: number): TextWindow {
  return { start: Math.max(0, Math.ceil((end - WINDOW_UNITS) / STRIDE_UNITS) * STRIDE_UNITS), end };
}
