const MARKER = /goldenpath-scan-allow(?<wide>-file)?:[^\S\n]{0,8}(?<reason>[^\n]{0,400})/g;
const LINE_COMMENT = /^\s{0,200}(?:\/\/|#|--|;|\*|\/\*|<!--|%|\{#)/;

/** What the comments of a file allow. */
export interface Allowances {
  /** Lines, from 1, where everything is allowed. */
  readonly lines: ReadonlySet<number>;
  /** Whether endpoints and clients are allowed in the whole file. Secrets never are. */
  readonly hasFile: boolean;
}

/**
 * Reads `goldenpath-scan-allow: reason` on a line of its finding, or in a comment of its own on the line
 * before, and `goldenpath-scan-allow-file: reason` anywhere. Without a reason they allow nothing.
 */
export function readAllowances(text: string): Allowances {
  const lines = new Set<number>();
  let hasFile = false;
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(MARKER)) {
    for (; counted < match.index; counted += 1) if (text.charCodeAt(counted) === 10) line += 1;
    const reason = (match.groups?.['reason'] ?? '').split(/\*\/|-->|#\}/, 1)[0]?.trim() ?? '';
    if (reason.length < 3) continue;
    if (match.groups?.['wide'] !== undefined) {
      hasFile = true;
      continue;
    }
    lines.add(line);
    const lineStart = text.lastIndexOf('\n', match.index - 1) + 1;
    if (LINE_COMMENT.test(text.slice(lineStart, match.index))) lines.add(line + 1);
  }
  return { lines, hasFile };
}
