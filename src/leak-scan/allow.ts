const MARKER = /goldenpath-scan-allow:[^\S\n]{0,8}(?<reason>[^\n]{0,400})/g;
const LINE_COMMENT = /^\s{0,200}(?:\/\/|#|--|;|\*|\/\*|<!--|%|\{#)/;

/**
 * Finds the lines, from 1, whose findings are allowed: `goldenpath-scan-allow: reason` on the line itself, or
 * in a comment of its own on the line before. Without a reason it allows nothing.
 */
export function findAllowedLines(text: string): ReadonlySet<number> {
  const allowed = new Set<number>();
  let line = 1;
  let counted = 0;
  for (const match of text.matchAll(MARKER)) {
    for (; counted < match.index; counted += 1) if (text.charCodeAt(counted) === 10) line += 1;
    const reason = (match.groups?.['reason'] ?? '').split(/\*\/|-->|#\}/, 1)[0]?.trim() ?? '';
    if (reason.length < 3) continue;
    allowed.add(line);
    const lineStart = text.lastIndexOf('\n', match.index - 1) + 1;
    if (LINE_COMMENT.test(text.slice(lineStart, match.index))) allowed.add(line + 1);
  }
  return allowed;
}
