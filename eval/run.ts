import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { scoreAttackSets } from './attack-sets.ts';
import { measureContent } from './content.ts';
import { measureGrounding } from './grounding.ts';
import { measureObfuscation } from './obfuscation.ts';
import { measurePii } from './pii.ts';
import { renderPage } from './page.ts';
import { measurePromptAttack } from './prompt-attack.ts';
import { measureProperties } from './properties.ts';
import { measureSpeed } from './speed.ts';
import { measureTopics } from './topics.ts';

/** Measures the embedded guardrail on public data and writes docs/reference/detection.md and detection.json. */
const { values } = parseArgs({ options: { data: { type: 'string' } } });
const dataDir = values.data ?? process.env['GOLDENPATH_EVAL_DATA'] ?? 'data';
if (!existsSync(join(dataDir, 'MANIFEST.md'))) {
  process.stderr.write(
    `eval: no data in ${dataDir}: it needs a folder with MANIFEST.md and the sets it lists. ` +
      'npm run eval -- --data DIR, or GOLDENPATH_EVAL_DATA=DIR\n',
  );
  process.exit(1);
}

const report = (line: string) => process.stderr.write(`${line}\n`);
// First, while the heap is small: what other measurements leave behind is not the engine's.
const speed = measureSpeed();
const attackSets = scoreAttackSets(dataDir, report);
const sections = [
  () => measurePromptAttack(attackSets),
  () => measureObfuscation(attackSets),
  () => measureContent(dataDir),
  () => measureTopics(dataDir),
  () => measureGrounding(dataDir),
  () => measurePii(dataDir),
  () => speed,
  measureProperties,
].map((measure) => {
  const section = measure();
  report(`${section.title}: ${section.rows.map(({ what, value }) => `${what} ${value}`).join('; ')}`);
  return section;
});
const reference = fileURLToPath(new URL('../docs/reference', import.meta.url));
writeFileSync(join(reference, 'detection.md'), renderPage(sections));
writeFileSync(join(reference, 'detection.json'), `${JSON.stringify(sections, null, 2)}\n`);
