import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { formatMetrics } from '../src/adapters/telemetry/metrics-text.ts';
import { createProcessMetrics } from '../src/adapters/telemetry/process-metrics.ts';
import { createPrometheusTelemetry } from '../src/adapters/telemetry/prometheus.ts';
import { createProgram } from '../src/cli/program.ts';
import { renderJsonSchemas } from '../src/governance/json-schemas.ts';
import { REFUSALS } from '../src/road/refusal.ts';

/**
 * Writes the reference pages that can be made from the code, or with `--check` says what is out of date:
 * pages, published JSON Schemas, links between pages, and commands that a page shows.
 */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const program = createProgram();

const pages = new Map<string, string>([
  ['docs/reference/refusals.md', renderRefusals()],
  ['docs/reference/command-line.md', renderCommandLine()],
  ['docs/reference/metrics.md', await renderMetrics()],
  ...[...renderJsonSchemas()].map(([file, text]) => [`schemas/${file}`, text] as const),
]);

if (process.argv.includes('--check')) {
  const problems = [...findStale(), ...findDeadLinks(), ...findUnknownCommands()];
  for (const problem of problems) process.stdout.write(`${problem}\n`);
  process.stdout.write(
    problems.length === 0
      ? 'docs: in step with the code\n'
      : `docs: ${problems.length} problem(s); \`npm run docs\` writes the pages anew\n`,
  );
  process.exitCode = problems.length === 0 ? 0 : 1;
} else {
  for (const [path, text] of pages) writeFileSync(join(ROOT, path), text);
  process.stdout.write(`wrote ${pages.size} files\n`);
}

function renderRefusals(): string {
  const rows = Object.entries(REFUSALS).map(
    ([code, { status, message }]) => `| \`${code}\` | ${status} | ${message} |`,
  );
  return `# Refusals

Every way the road can say no. The code is stable: it is in the error of the dialect (\`error.code\`), in the header
\`x-goldenpath-refusal\`, on the record and in the metrics. What only operators may know stands beside it on the record.
A guardrail's block is no error in the dialect: OpenAI's clients get 200 and \`finish_reason: content_filter\`.

| code | status | what the caller reads |
|---|--:|---|
${rows.join('\n')}
`;
}

function renderCommandLine(): string {
  const parts = ['# Command line\n'];
  const visit = (command: Command, path: string) => {
    const help = command.configureHelp({ helpWidth: 110 }).helpInformation();
    parts.push(`## \`${path}\`\n\n\`\`\`text\n${help.trimEnd()}\n\`\`\`\n`);
    for (const child of command.commands) visit(child, `${path} ${child.name()}`);
  };
  visit(program, 'goldenpath');
  return parts.join('\n');
}

async function renderMetrics(): Promise<string> {
  const process = createProcessMetrics({ ready: () => true, readLimits: async () => [] });
  const body = await formatMetrics([
    ...(await createPrometheusTelemetry().read()),
    ...(await process.read()),
  ]);
  const types = new Map(
    [...body.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
  );
  const rows = [...body.matchAll(/^# HELP (\S+) (.*)$/gm)]
    .filter(([, name = '']) => !/^(process|nodejs)_/.test(name))
    .map(([, name = '', help]) => `| \`${name}\` | ${types.get(name)} | ${help} |`);
  return `# Metrics

\`GET /metrics\`, in Prometheus' text format, beside the usual \`process_*\` and \`nodejs_*\` of prom-client. Names that begin
with \`gen_ai_\` are those of OpenTelemetry's GenAI conventions. Labels are tenant, capability, workflow and route, never the
user: records and log lines have the subject. A name that a client invented never becomes a label.

| metric | type | |
|---|---|---|
${rows.join('\n')}

With \`OTEL_EXPORTER_OTLP_ENDPOINT\` set, each attempt also becomes a trace: a span \`chat CAPABILITY\` with \`gen_ai.*\`
attributes and a child for each stage, below the client's \`traceparent\` where it sent one.
`;
}

function findStale(): string[] {
  return [...pages]
    .filter(
      ([path, text]) => !existsSync(join(ROOT, path)) || readFileSync(join(ROOT, path), 'utf8') !== text,
    )
    .map(([path]) => `${path}: is not what the code says`);
}

function markdownFiles(): string[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
    (path) =>
      path.endsWith('.md') &&
      !path.split('/').some((part) => part === 'node_modules' || part.startsWith('.')),
  );
}

function findDeadLinks(): string[] {
  return markdownFiles().flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    return [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target))
      .filter((target) => !existsSync(resolve(ROOT, dirname(path), target)))
      .map((target) => `${path}: links to ${target}, which does not exist`);
  });
}

function findUnknownCommands(): string[] {
  const scripts = (
    JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: Record<string, string> }
  ).scripts; // our own manifest
  return markdownFiles().flatMap((path) => {
    const text = readFileSync(join(ROOT, path), 'utf8');
    const commands = [...text.matchAll(/(?:\.\/|`)goldenpath ([a-z]+)(?: ([a-z]+))?/g)]
      .filter(([, name = '']) => program.commands.every((command) => command.name() !== name))
      .map(([, name]) => `${path}: shows goldenpath ${name}, which does not exist`);
    const missing = [...text.matchAll(/npm run ([a-z0-9:]+)/g)]
      .filter(([, name = '']) => scripts[name] === undefined)
      .map(([, name]) => `${path}: shows npm run ${name}, which does not exist`);
    return [...commands, ...missing];
  });
}
