import { extname } from 'node:path';
import { lintSource } from '@secretlint/core';
import { readAllowances } from './allow.ts';
import type { Finding, ScanRule } from './finding.ts';
import { isPlaceholder } from './key-rules.ts';
import { findRule, SECRETLINT_CONFIG } from './secretlint-rules.ts';

/** The findings of one file, and how many more a comment allows. */
export interface TextReport {
  readonly findings: readonly Finding[];
  readonly allowed: number;
}

type Located = Finding & { readonly start: number; readonly end: number };

/** Scans the text of one file. `file` is its path below the scanned directory. */
export async function scanText(file: string, text: string): Promise<TextReport> {
  const result = await lintSource({
    source: { content: text, filePath: file, ext: extname(file), contentType: 'text' },
    options: { config: SECRETLINT_CONFIG, noPhysicFilePath: true },
  });
  const located: Located[] = [];
  for (const message of result.messages) {
    const rule = findRule(message);
    const [start, end] = message.range;
    if (rule === undefined || (isSecret(rule) && isPlaceholder(text.slice(start, end)))) continue;
    located.push({
      rule,
      file,
      line: message.loc.start.line,
      column: message.loc.start.column + 1, // secretlint counts columns from 0
      endLine: message.loc.end.line,
      endColumn: message.loc.end.column + 1,
      excerpt: describe(rule, text.slice(start, end)),
      start,
      end,
    });
  }
  const found = dropOverlaps(located);
  const allowances = readAllowances(text);
  const isAllowed = ({ rule, line }: Finding): boolean =>
    allowances.lines.has(line) || (allowances.hasFile && !isSecret(rule));
  const findings = found.filter((finding) => !isAllowed(finding));
  return {
    findings: findings.map(({ start: _start, end: _end, ...finding }) => finding),
    allowed: found.length - findings.length,
  };
}

const isSecret = (rule: ScanRule): boolean => !/^(?:endpoint|client)\//.test(rule.id);

/** A secret is never shown: this is what reaches screens, reports and the logs of a build. */
function describe(rule: ScanRule, text: string): string {
  return isSecret(rule) ? `${text.slice(0, 4)}…` : text.replaceAll(/\s+/g, ' ').slice(0, 120);
}

/** One text is one finding: of two rules that see it, ours says what to do about it, so ours stays. */
function dropOverlaps(findings: readonly Located[]): readonly Located[] {
  const rank = (finding: Located): number => (finding.rule.id.startsWith('secretlint/') ? 1 : 0);
  const kept: Located[] = [];
  for (const finding of findings.toSorted((a, b) => a.start - b.start || rank(a) - rank(b))) {
    const last = kept.at(-1);
    if (last === undefined || finding.start >= last.end) kept.push(finding);
    else if (rank(finding) < rank(last)) kept[kept.length - 1] = finding;
  }
  return kept;
}
