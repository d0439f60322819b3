import type { CaseResult, Failure } from './run.ts';

/** Writes results as JUnit XML: a suite for each file and guardrail, a test case for each case. */
export function toJUnit(results: readonly CaseResult[]): string {
  const suites = Map.groupBy(results, ({ guardrail, file }) => `${guardrail} ${file}`);
  const lines = [...suites].flatMap(([name, cases]) => [
    `  <testsuite ${attributes({ name, ...countsOf(cases) })}>`,
    ...cases.flatMap(writeCase),
    '  </testsuite>',
  ]);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${attributes({ name: 'goldenpath guardrail test', ...countsOf(results) })}>`,
    ...lines,
    '</testsuites>\n',
  ].join('\n');
}

function countsOf(cases: readonly CaseResult[]) {
  const ms = cases.reduce((sum, { durationMs }) => sum + durationMs, 0);
  return {
    tests: cases.length,
    failures: cases.filter(({ failures }) => failures.length > 0).length,
    errors: 0,
    skipped: 0,
    time: toSeconds(ms),
  };
}

function writeCase({ guardrail, file, line, name, failures, durationMs }: CaseResult): string[] {
  const about = attributes({ name, classname: guardrail, file, line, time: toSeconds(durationMs) });
  if (failures.length === 0) return [`    <testcase ${about}/>`];
  const told = failures.flatMap(describeFailure);
  return [
    `    <testcase ${about}>`,
    `      <failure ${attributes({ message: told[0] ?? '', type: failures[0]?.what ?? '' })}>${escape(told.join('\n'))}</failure>`,
    '    </testcase>',
  ];
}

/** A failure in words, a line each. */
export function describeFailure(failure: Failure): string[] {
  switch (failure.what) {
    case 'action':
      return [`expected ${failure.expected}, was ${failure.actual}`];
    case 'output':
      return [
        'the output differs',
        ...failure.expected.map((text) => `- ${text}`),
        ...failure.actual.map((text) => `+ ${text}`),
      ];
    case 'findings':
      return [
        ...failure.missing.map((finding) => `did not find ${finding}`),
        ...failure.unexpected.map((finding) => `also found ${finding}`),
      ];
    default:
      return failure satisfies never;
  }
}

function attributes(values: Readonly<Record<string, string | number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name}="${escape(String(value))}"`)
    .join(' ');
}

const toSeconds = (ms: number): string => (ms / 1000).toFixed(3);

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\n': '&#10;',
  '\t': '&#9;',
  '\r': '&#13;',
};

// XML has no way to write other control characters, noncharacters and halves of a surrogate pair.
function escape(text: string): string {
  return text
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replaceAll(/[&<>"\t\n\r]/g, (char) => ENTITIES[char] ?? char);
}
