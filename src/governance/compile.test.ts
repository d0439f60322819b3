import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { EDGE_CASES } from './cases/edge.ts';
import { applyEdit, LOCK, type GovernanceCase } from './cases/edit.ts';
import { FILE_CASES } from './cases/files.ts';
import { POLICY_CASES } from './cases/policies.ts';
import { REFERENCE_CASES } from './cases/references.ts';
import { MONEY_CASES } from './cases/money.ts';
import { RULE_CASES } from './cases/rules.ts';
import { SAFETY_CASES } from './cases/safety.ts';
import { compileSource } from './compile.ts';
import { hashFiles, readSource, type Source } from './source.ts';

const EXAMPLE = await readSource(fileURLToPath(new URL('../../examples/support-desk', import.meta.url)));

const EXAMPLE_HASHES = JSON.stringify(compileSource(EXAMPLE).hashes);

function toSource(files: ReadonlyMap<string, string>): Source {
  return { files, version: hashFiles(files), problems: [] };
}

function compileCase({ edit, lock }: GovernanceCase): ReturnType<typeof compileSource> {
  const files = applyEdit(EXAMPLE.files, edit);
  const compiled = compileSource(toSource(files));
  const published = JSON.stringify(compiled.hashes);
  if (lock === 'stale' || published === EXAMPLE_HASHES) return compiled;
  files.set(LOCK, published);
  return compileSource(toSource(files));
}

for (const [kind, cases] of Object.entries({
  files: FILE_CASES,
  references: REFERENCE_CASES,
  safety: SAFETY_CASES,
  money: MONEY_CASES,
  policies: POLICY_CASES,
  edge: EDGE_CASES,
  rules: RULE_CASES,
})) {
  suite(kind, () => {
    for (const governanceCase of cases) {
      test(governanceCase.name, () => {
        const { governance, problems } = compileCase(governanceCase);
        const expected = governanceCase.problems;
        const got = problems.map((problem, index) => {
          const { file, line, cause, fix } = problem;
          const part = expected[index];
          // What is expected as a part is compared as that part, so that a difference shows whole lines.
          return {
            file,
            line,
            cause: part !== undefined && cause.includes(part.cause) ? part.cause : cause,
            fix: part !== undefined && fix.includes(part.fix) ? part.fix : fix,
          };
        });
        assert.deepEqual(got, expected);
        assert.equal(governance === undefined, expected.length > 0);
      });
    }
  });
}

test('the same files give the same version, and any change another', () => {
  const version = (edit: GovernanceCase['edit']) => toSource(applyEdit(EXAMPLE.files, edit)).version;
  assert.equal(version({}), EXAMPLE.version);
  assert.notEqual(version({ 'knowledge/returns.md': { replace: '30', with: '31' } }), EXAMPLE.version);
  const moved = { 'knowledge/a.md': 'xy', 'knowledge/b.md': 'z' };
  assert.notEqual(version(moved), version({ 'knowledge/a.md': 'x', 'knowledge/b.md': 'yz' }));
});

test('what is served is frozen all through', () => {
  const { governance } = compileSource(EXAMPLE);
  assert.ok(governance);
  const assistant = governance.capabilities.get('support-assistant');
  assert.ok(Object.isFrozen(governance) && Object.isFrozen(assistant));
  assert.ok(
    Object.isFrozen(assistant?.prompt.layers[0]?.parts) && Object.isFrozen(assistant?.routes[0]?.price),
  );
});

test('a capability that nobody may use, and a tenant without a route, are warnings', () => {
  const files = applyEdit(EXAMPLE.files, {
    'policies/marketing.cedar': null,
    'tenants/globex.yaml': 'displayName: Globex\nowner: a\nregions: [us-east-1]\n',
  });
  const { governance, warnings } = compileSource(toSource(files));
  assert.ok(governance);
  assert.deepEqual(
    warnings.map(({ file, line, cause }) => `${file}:${line} ${cause}`),
    [
      'capabilities/marketing-writer.yaml:2 no policy permits anybody to use marketing-writer',
      'capabilities/marketing-writer.yaml:9 no route of marketing-writer is where text of tenant globex may go (us-east-1)',
      'capabilities/order-extractor.yaml:9 no route of order-extractor is where text of tenant globex may go (us-east-1)',
      'capabilities/support-assistant.yaml:9 no route of support-assistant is where text of tenant globex may go (us-east-1)',
    ],
  );
});

test('the example has nothing to warn of', () => {
  assert.deepEqual(compileSource(EXAMPLE).warnings, []);
});
