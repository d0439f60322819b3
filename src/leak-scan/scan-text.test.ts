import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CLIENT_CASES, ENDPOINT_CASES } from './cases/calls.ts';
import { KEYS, NO_KEYS, SERVICE_ACCOUNT } from './cases/keys.ts';
import { scanText } from './scan-text.ts';

const listRules = async (file: string, text: string): Promise<string[]> =>
  (await scanText(file, text)).findings.map(({ rule }) => rule.id);

describe('a key of a model provider', () => {
  for (const { rule, name, key, before = '' } of KEYS) {
    it(`is found and not shown: ${rule}, ${name}`, async () => {
      for (const file of ['a.ts', '.env', 'notes.md', 'a.json']) {
        const { findings } = await scanText(file, `first\n  ${before}${key}"\n`);
        assert.deepEqual(
          findings.map((finding) => [finding.rule.id, finding.line, finding.excerpt]),
          [[rule, 2, `${key.slice(0, 4)}…`]],
        );
        const [found] = findings;
        assert.equal(found?.column, 3 + before.length);
        assert.equal(found?.endColumn, 3 + before.length + key.length);
        assert.ok(!JSON.stringify(findings).includes(key.slice(0, 12)));
      }
    });
  }

  it('is found in a comment too: it is as lost there', async () => {
    assert.deepEqual(await listRules('a.ts', `// ${KEYS[0]?.key}`), ['key/openai']);
  });

  it('is found by secretlint where no rule of ours knows it', async () => {
    assert.deepEqual(await listRules('account.json', SERVICE_ACCOUNT), ['secretlint/gcp']);
  });

  for (const text of NO_KEYS) {
    it(`is not seen in ${text.slice(0, 40)}`, async () => {
      assert.deepEqual(await listRules('a.ts', `const a = "${text}"`), []);
    });
  }
});

for (const [what, cases] of Object.entries({ endpoint: ENDPOINT_CASES, client: CLIENT_CASES })) {
  describe(`the ${what} of a model API`, () => {
    for (const { file, text, rules } of cases) {
      it(`${rules.length > 0 ? 'is found' : 'is not seen'} in ${file}: ${JSON.stringify(text)}`, async () => {
        assert.deepEqual(await listRules(file, text), rules);
      });
    }
  });
}

describe('a finding', () => {
  const call = 'new OpenAI();';

  const allowed = [
    `${call} // goldenpath-scan-allow: the tests stub it`,
    `// goldenpath-scan-allow: the tests stub it\n${call}`,
    `/* goldenpath-scan-allow: the tests stub it */ ${call}`,
    `  # goldenpath-scan-allow: the tests stub it\r\n${call}`,
  ];
  for (const text of allowed) {
    it(`is allowed by ${JSON.stringify(text)}`, async () => {
      const report = await scanText('a.ts', text);
      assert.deepEqual([report.findings.length, report.allowed], [0, 1]);
    });
  }

  it('is allowed in a whole file with a reason, unless it is a secret', async () => {
    const text = `${call}\n${KEYS[0]?.key}\n// goldenpath-scan-allow-file: examples\n`;
    const report = await scanText('a.ts', text);
    assert.deepEqual([report.findings.map(({ rule }) => rule.id), report.allowed], [['key/openai'], 1]);
  });

  const stays = [
    `${call} // goldenpath-scan-allow-file:`,
    `${call} // goldenpath-scan-allow`,
    `${call} // goldenpath-scan-allow:`,
    `/* goldenpath-scan-allow: */ ${call}`,
    `// goldenpath-scan-allow: too far away\n\n${call}`,
    `const a = 1; // goldenpath-scan-allow: of its own line\n${call}`,
    `${call}\n// goldenpath-scan-allow: too late`,
    `${call} // secretlint-disable-line`,
    `// secretlint-disable\n${call}`,
  ];
  for (const text of stays) {
    it(`stays in spite of ${JSON.stringify(text)}`, async () => {
      assert.equal((await scanText('a.ts', text)).findings.length, 1);
    });
  }
});

describe('the rules', () => {
  const hostile = [
    'sk-proj-',
    'sk-ant-api03-',
    'aws_secret_key        ',
    'mistral_api_key=',
    'bedrock-runtime.',
    'a.openai.azure.',
    '${',
    '{x}',
    'new OpenAI(',
    '.client( ',
    'goldenpath-scan-allow:',
    `sk-${'a1'.repeat(20)}`,
    '-aiplatform',
    'A'.repeat(64),
    ' ',
    '\n',
  ];
  for (const text of hostile) {
    it(`stay quick on a file full of ${JSON.stringify(text.slice(0, 24))}`, async () => {
      const start = performance.now();
      await scanText('a.ts', text.repeat(Math.floor(1_000_000 / text.length)));
      await scanText('a.py', text.repeat(Math.floor(1_000_000 / text.length)));
      assert.ok(performance.now() - start < 10_000, `${performance.now() - start} ms`);
    });
  }
});
