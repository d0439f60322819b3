import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** What each room may import, beside itself. `main.ts` opens the door: it may import the command line. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  road: [],
  'guardrail-engine': [],
  'leak-scan': [],
  'local-bedrock': ['guardrail-engine'],
  'guardrail-test': ['governance', 'guardrail-engine'],
  ports: ['road'],
  stages: ['road', 'ports'],
  adapters: ['road', 'ports', 'guardrail-engine'],
  governance: ['road', 'ports', 'guardrail-engine'],
  http: ['road', 'governance'],
  cli: ['road', 'ports', 'governance', 'compose', 'leak-scan', 'local-bedrock', 'guardrail-test'],
  compose: ['road', 'ports', 'stages', 'adapters', 'governance', 'http', 'guardrail-engine', 'leak-scan'],
  'main.ts': ['cli'],
};

/** A proof is made by its own stage alone. */
const PROOF_MAKERS: Readonly<Record<string, string>> = {
  proveAdmittedBytes: 'stages/edge',
  proveCaller: 'stages/identity',
  proveGrant: 'stages/authorisation',
  proveOpenPath: 'stages/switches',
  proveAssembledPrompt: 'stages/prompt',
  proveRedactedPrompt: 'stages/redaction',
  proveRoutePlan: 'stages/routing',
  proveReservation: 'stages/admission',
  proveGuardedPrompt: 'stages/guardrail',
  proveDurableIntent: 'stages/evidence',
  proveGuardedEvents: 'stages/guardrail',
  proveDeliverableEvents: 'stages/redaction',
};

interface SourceFile {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly string[];
}

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path): SourceFile => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const specifiers = [...text.matchAll(/(?:from|import)\s*\(?\s*['"](\.{1,2}\/[^'"]+)['"]/g)];
    const imports = specifiers.map(([, specifier = '']) =>
      relative(SRC, resolve(SRC, dirname(path), specifier)),
    );
    return { path, text, imports };
  });
const production = files.filter(({ path }) => !path.endsWith('.test.ts') && !isTesting(path));

function isTesting(path: string): boolean {
  return /\/(testing|cases)\//.test(path) || path.endsWith('conformance.ts');
}

const roomOf = (path: string) => path.split('/')[0] ?? path;
/** Stages and adapters are rooms of rooms: one stage, or one port's adapters, may not reach into another. */
const cellOf = (path: string) => path.split('/').slice(0, 2).join('/');

test('every file stands in a room that has its arrows', () => {
  assert.ok(files.length > 50, 'the sources were found');
  const unknown = production.map(({ path }) => roomOf(path)).filter((room) => ARROWS[room] === undefined);
  assert.deepEqual([...new Set(unknown)], []);
});

test('imports follow the arrows, type imports included', () => {
  const wrong = production.flatMap(({ path, imports }) =>
    imports
      .filter(
        (target) =>
          roomOf(target) !== roomOf(path) && ARROWS[roomOf(path)]?.includes(roomOf(target)) !== true,
      )
      .map((target) => `${path} → ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('no stage imports another stage', () => {
  const wrong = production.flatMap(({ path, imports }) =>
    imports
      .filter(
        (target) =>
          roomOf(path) === 'stages' && roomOf(target) === 'stages' && cellOf(path) !== cellOf(target),
      )
      .map((target) => `${path} → ${target}`),
  );
  assert.deepEqual(wrong, []);
});

test('there are no import circles', () => {
  const graph = new Map(production.map(({ path, imports }) => [path, imports]));
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (path: string, trail: readonly string[]) => {
    if (trail.includes(path)) circles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (done.has(path) || trail.includes(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
  assert.deepEqual(circles, []);
});

test('a proof is made by its own stage alone', () => {
  const proofs = files.find(({ path }) => path === 'road/proofs.ts');
  const declared = [...(proofs?.text.matchAll(/export const (prove\w+)/g) ?? [])].map(([, name]) => name);
  assert.deepEqual(new Set(declared), new Set(Object.keys(PROOF_MAKERS)));
  const wrong = production.flatMap(({ path, text }) =>
    Object.entries(PROOF_MAKERS)
      .filter(([name, stage]) => path !== 'road/proofs.ts' && text.includes(name) && cellOf(path) !== stage)
      .map(([name]) => `${path} uses ${name}`),
  );
  assert.deepEqual(wrong, []);
});

test('only compose and the command line read the environment', () => {
  const readers = production
    .filter(({ text }) => /process\.env\b/.test(text))
    .map(({ path }) => roomOf(path));
  assert.deepEqual(
    [...new Set(readers)].filter((room) => room !== 'cli' && room !== 'compose' && room !== 'main.ts'),
    [],
  );
});
