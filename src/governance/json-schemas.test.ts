import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { parse } from 'yaml';
import { renderJsonSchemas } from './json-schemas.ts';
import { readSource } from './source.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const REPOSITORIES = ['examples/support-desk', 'src/governance/starter'];

/** The schema of each kind of file, by its path. */
const KINDS: readonly (readonly [RegExp, string])[] = [
  [/^goldenpath\.yaml$/, 'goldenpath'],
  [/^tenants\//, 'tenant'],
  [/^capabilities\//, 'capability'],
  [/^routes\//, 'route'],
  [/^tools\//, 'tool'],
  [/^prompts\/.+\.yaml$/, 'prompt'],
  [/^guardrails\/[^/]+\/cases\/.+\.yaml$/, 'guardrail-cases'],
  [/^guardrails\/.+\.yaml$/, 'bedrock-guardrail'],
  [/^prices\//, 'price'],
  [/^workflows\//, 'workflow'],
  [/^versions\.lock\.json$/, 'versions-lock'],
];

function compileSchemas(): ReadonlyMap<string, ValidateFunction> {
  const ajv = new Ajv2020({
    strict: true,
    allErrors: true,
    formats: {
      uri: (text: string) => URL.canParse(text),
      date: (text: string) => !Number.isNaN(Date.parse(text)),
    },
  });
  return new Map(
    [...renderJsonSchemas()].map(([file, text]) => [
      file.replace('.schema.json', ''),
      ajv.compile(JSON.parse(text)),
    ]),
  );
}

test('the published JSON Schemas are what the code checks; `goldenpath schema schemas` writes them', async () => {
  const rendered = renderJsonSchemas();
  assert.deepEqual((await readdir(join(ROOT, 'schemas'))).toSorted(), [...rendered.keys()].toSorted());
  for (const [file, text] of rendered)
    assert.equal(await readFile(join(ROOT, 'schemas', file), 'utf8'), text);
});

test('the files that ship validate against the published JSON Schemas', async () => {
  const schemas = compileSchemas();
  const validated = new Set<string>();
  for (const repository of REPOSITORIES) {
    for (const [file, text] of (await readSource(join(ROOT, repository))).files) {
      const kind = KINDS.find(([pattern]) => pattern.test(file))?.[1];
      if (kind === undefined) continue;
      const validate = schemas.get(kind);
      assert.ok(validate, kind);
      assert.ok(validate(parse(text)), `${repository}/${file}: ${JSON.stringify(validate.errors)}`);
      validated.add(kind);
    }
  }
  assert.deepEqual(
    KINDS.map(([, kind]) => kind).filter((kind) => !validated.has(kind)),
    ['bedrock-guardrail'],
  );
});

test('an editor is told of an unknown key, as the check tells it', () => {
  const schemas = compileSchemas();
  const route = {
    provider: 'bedrock',
    model: 'm',
    region: 'eu-central-1',
    owner: 'a',
    dataClasses: ['public'],
    price: { inputMicroUsdPerMillionTokens: 0, outputMicroUsdPerMillionTokens: 0 },
  };
  assert.equal(schemas.get('route')?.(route), true);
  assert.equal(schemas.get('route')?.({ ...route, modle: 'm' }), false);
  const guardrail = {
    engine: 'bedrock',
    guardrailIdentifier: 'a',
    guardrailVersion: '1',
    region: 'eu-west-1',
  };
  assert.equal(schemas.get('bedrock-guardrail')?.(guardrail), true);
  assert.equal(schemas.get('bedrock-guardrail')?.({ ...guardrail, guardrailVersion: 'latest' }), false);
});
