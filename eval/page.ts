import type { EvalSection } from './section.ts';

/** The page of figures, as Markdown. */
export function renderPage(sections: readonly EvalSection[]): string {
  return `# What the embedded guardrail finds

Written by \`npm run eval -- --data DIR\` from public data sets that are no part of the project; the same figures stand in
\`detection.json\`. Only rows for training shape what ships (\`npm run train -- --data DIR\` makes the same weights again);
the rest only measures. The goals were set before.

${sections.map(renderSection).join('\n')}`;
}

function renderSection({ title, protocol, rows, tables, notes }: EvalSection): string {
  const goals = rows.map(({ what, goal, value, reached }) => [
    what,
    goal,
    value,
    reached === undefined ? '' : reached ? 'reached' : '**not reached**',
  ]);
  return [
    `## ${title}\n`,
    ...protocol.map((line) => `- ${line}`),
    '',
    ...(rows.length > 0 ? [renderTable(['what', 'goal', 'measured', ''], goals)] : []),
    ...(tables ?? []).flatMap((table) => [`### ${table.title}\n`, renderTable(table.head, table.rows)]),
    ...(notes.length > 0 ? ['What it is bad at:\n', ...notes.map((note) => `- ${note}`), ''] : []),
  ].join('\n');
}

function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')}\n`;
}
