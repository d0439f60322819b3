import type { ScanReport, ScanRule } from './finding.ts';

/** Writes a report as SARIF 2.1.0, which code hosts show beside the lines that it speaks of. */
export function toSarif(report: ScanReport, version: string): object {
  const rules = [...new Map(report.findings.map(({ rule }) => [rule.id, rule])).values()];
  return {
    $schema: 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'goldenpath scan', version, rules: rules.map(toSarifRule) } },
        invocations: [
          {
            executionSuccessful: report.unreadable.length === 0,
            toolExecutionNotifications: report.unreadable.map((file) => ({
              level: 'error',
              message: { text: 'This could not be read, so it was not scanned.' },
              locations: [{ physicalLocation: { artifactLocation: locate(file) } }],
            })),
          },
        ],
        originalUriBaseIds: { SRCROOT: { description: { text: 'The scanned directory' } } },
        columnKind: 'utf16CodeUnits',
        results: report.findings.map((finding) => ({
          ruleId: finding.rule.id,
          ruleIndex: rules.indexOf(finding.rule),
          level: finding.rule.severity,
          message: { text: `${finding.rule.title}: ${finding.excerpt} ${finding.rule.advice}` },
          locations: [
            {
              physicalLocation: {
                artifactLocation: locate(finding.file),
                region: {
                  startLine: finding.line,
                  startColumn: finding.column,
                  endLine: finding.endLine,
                  endColumn: finding.endColumn,
                },
              },
            },
          ],
        })),
      },
    ],
  };
}

function toSarifRule(rule: ScanRule): object {
  return {
    id: rule.id,
    shortDescription: { text: rule.title },
    help: { text: rule.advice },
    defaultConfiguration: { level: rule.severity },
  };
}

const locate = (file: string): object => ({
  uri: file.split('/').map(encodeURIComponent).join('/'),
  uriBaseId: 'SRCROOT',
});
