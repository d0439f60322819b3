import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { EvalRow, EvalSection } from './section.ts';

const FOLDER = 'src/guardrail-engine/guardrail';
const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** What holds for all, and not for a share: each is a test, which is run here. */
const PROPERTIES: readonly (readonly [what: string, goal: string, file: string])[] = [
  ['answers recorded from the live service: shape and fields', 'all 7', 'golden.test.ts'],
  ['answers of 10,000 random configurations hold to the schema', 'all', 'random-config.test.ts'],
  [
    '10,000 cuts of 200 texts, and secrets cut at every unit: verdict and output',
    'the same',
    'stream.test.ts',
  ],
];

/** Runs the tests of what has no figure. */
export function measureProperties(): EvalSection {
  const rows = PROPERTIES.map(([what, goal, file]): EvalRow => {
    const { status, stdout } = spawnSync(process.execPath, ['--test', `${FOLDER}/${file}`], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    const passed = /^. pass (\d+)$/m.exec(stdout)?.[1] ?? '0';
    return { what, goal, value: `${passed} tests of \`${file}\` pass`, reached: status === 0 };
  });
  return {
    title: 'What holds always',
    protocol: [`Tests in \`${FOLDER}\`, run by \`npm run eval\` with the rest; \`npm test\` runs them too.`],
    rows,
    notes: [],
  };
}
