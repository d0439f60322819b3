import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { packWeights, type TrainedHead } from '../src/guardrail-engine/classify/model/weights-file.ts';
import { trainContent } from './content.ts';
import { trainGrounding } from './grounding.ts';
import { trainDirect, trainIndirect, trainKinds } from './prompt-attack.ts';
import { trainRarity } from './rarity.ts';
import { trainTopicLevels } from './topics.ts';

/**
 * Makes the weights that ship, from the rows of the data that are for training and from sentences of our own. The same
 * data gives the same bytes.
 */
const WEIGHTS = fileURLToPath(new URL('../src/guardrail-engine/classify/weights', import.meta.url));
const { values } = parseArgs({ options: { data: { type: 'string' }, only: { type: 'string' } } });
const dataDir = values.data ?? process.env['GOLDENPATH_EVAL_DATA'];
if (!dataDir) throw new Error('where is the data? npm run train -- --data DIR, or GOLDENPATH_EVAL_DATA=DIR');

const files: Readonly<Record<string, () => Uint8Array>> = {
  'prompt-attack.bin': () => pack([trainDirect(dataDir), trainIndirect(dataDir), ...trainKinds(dataDir)]),
  'content.bin': () => pack(trainContent(dataDir)),
  'rarity.bin': () => trainRarity(dataDir),
  'topics.bin': () => new TextEncoder().encode(JSON.stringify(trainTopicLevels(dataDir))),
  'grounding.bin': () => new TextEncoder().encode(JSON.stringify(trainGrounding(dataDir))),
};
for (const [name, make] of Object.entries(files)) {
  if (values.only && !name.startsWith(values.only)) continue;
  const startedMs = performance.now();
  const bytes = make();
  writeFileSync(`${WEIGHTS}/${name}`, bytes);
  process.stdout.write(
    `${name}: ${bytes.length} bytes, ${Math.round((performance.now() - startedMs) / 1000)} s\n`,
  );
}

function pack(heads: readonly TrainedHead[]): Uint8Array {
  for (const { name, levels, bias } of heads)
    process.stdout.write(`  ${name}: levels ${levels.join(', ')}; bias ${bias.join(', ')}\n`);
  return packWeights(heads);
}
