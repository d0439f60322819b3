import type { Finding, ScanReport } from './finding.ts';

/** Writes a report for people: by file, then what was not looked at, then the sum. */
export function toText(report: ScanReport): string {
  const lines: string[] = [];
  for (const [file, findings] of Map.groupBy(report.findings, (finding) => finding.file)) {
    lines.push(toPrintable(file), ...findings.flatMap(describeFinding), '');
  }
  for (const file of report.unreadable) lines.push(`${toPrintable(file)}: could not be read`);
  lines.push(describeSum(report));
  return `${lines.join('\n')}\n`;
}

function describeFinding(finding: Finding): readonly string[] {
  const { rule, file, line, column } = finding;
  return [
    `  ${toPrintable(file)}:${line}:${column}  ${rule.severity}  ${rule.id}`,
    `    ${rule.title}: ${toPrintable(finding.excerpt)}`,
    `    ${rule.advice}`,
  ];
}

function describeSum({ findings, scannedFiles, allowed, skipped, unreadable }: ScanReport): string {
  const errors = findings.filter(({ rule }) => rule.severity === 'error').length;
  const parts = [
    `${count(errors, 'error')}, ${count(findings.length - errors, 'warning')} in ${count(scannedFiles, 'file')}`,
    ...(allowed > 0 ? [`${allowed} allowed by a comment`] : []),
    `skipped: ${skipped.ignored} ignored by git, ${skipped.binary} binary, ${skipped.tooLarge} over 1 MB, ${count(skipped.links, 'link')}`,
    ...(unreadable.length > 0 ? [`${unreadable.length} could not be read`] : []),
  ];
  return parts.join('; ');
}

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? '' : 's'}`;

/** A file name may hold escape sequences, and would then write on the terminal of whoever scans it. */
const toPrintable = (text: string): string => text.replaceAll(/\p{Cc}/gu, '?');
