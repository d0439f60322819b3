import type { ContentCategory, TextOrigin, Tier, WindowClassifier } from '../guardrail/policies.ts';
import type { Features } from './hashing/features.ts';
import { readSharedFeatures } from './hashing/shared-reader.ts';
import { scoreStrongestWindow } from './model/score.ts';
import { confidenceOf, severityOf } from './severity.ts';
import { lazyWeights, type TrainedHead } from './model/weights-file.ts';

const contentWeights = lazyWeights(new URL('./weights/content.bin', import.meta.url));
const attackWeights = lazyWeights(new URL('./weights/prompt-attack.bin', import.meta.url));

const ATTACKS = [
  'JAILBREAK',
  'PROMPT_INJECTION',
  'PROMPT_LEAKAGE',
] as const satisfies readonly ContentCategory[];
type Attack = (typeof ATTACKS)[number];

/** Judges what a text says, and whether it attacks the model that reads it. */
export function createContentClassifier({
  categories,
}: {
  categories: readonly ContentCategory[];
  tier: Tier;
}): WindowClassifier {
  const heads = categories.map((category) =>
    isAttack(category) ? undefined : headOf(contentWeights(), category),
  );
  const attacks = categories.some(isAttack) ? createAttackJudge() : undefined;
  return {
    labels: categories,
    judge({ plain, decoded }, origin) {
      const severities = categories.map(() => 0);
      judgeReading(plain);
      for (const { text } of decoded) judgeReading(text);
      return severities;

      function judgeReading(text: string): void {
        const features = readSharedFeatures(text);
        const found = attacks && origin !== 'model' ? attacks(features, origin) : undefined;
        categories.forEach((category, index) => {
          const head = heads[index];
          const severity = head
            ? severityOf(scoreStrongestWindow(features, head), head.levels)
            : isAttack(category) && found ? found[category] : 0; // prettier-ignore
          if (severity > (severities[index] ?? 0)) severities[index] = severity;
        });
      }
    },
    confidenceOf: (_, severity) => confidenceOf(severity),
  };
}

/** A user attacks with the message itself; a document attacks where it holds orders to the one who reads it. */
function createAttackJudge(): (
  features: Features,
  origin: Exclude<TextOrigin, 'model'>,
) => Record<Attack, number> {
  const heads = attackWeights();
  const direct = headOf(heads, 'direct');
  const indirect = headOf(heads, 'indirect');
  const kinds = { JAILBREAK: headOf(heads, 'JAILBREAK'), PROMPT_LEAKAGE: headOf(heads, 'PROMPT_LEAKAGE') };
  return (features, origin) => {
    const found: Record<Attack, number> = { JAILBREAK: 0, PROMPT_INJECTION: 0, PROMPT_LEAKAGE: 0 };
    const head = origin === 'user' ? direct : indirect;
    const severity = severityOf(scoreStrongestWindow(features, head), head.levels);
    if (severity < 0.01) return found;
    // An order in a document is an injection, whatever it orders.
    found[origin === 'user' ? kindOf(features, kinds) : 'PROMPT_INJECTION'] = severity;
    return found;
  };
}

/** What kind of attack an attack is. */
function kindOf(features: Features, kinds: Record<'JAILBREAK' | 'PROMPT_LEAKAGE', TrainedHead>): Attack {
  const jailbreak = scoreStrongestWindow(features, kinds.JAILBREAK);
  const leakage = scoreStrongestWindow(features, kinds.PROMPT_LEAKAGE);
  if (Math.max(jailbreak, leakage) < 0) return 'PROMPT_INJECTION';
  return jailbreak > leakage ? 'JAILBREAK' : 'PROMPT_LEAKAGE';
}

function isAttack(category: ContentCategory): category is Attack {
  return (ATTACKS as readonly string[]).includes(category);
}

function headOf(heads: ReadonlyMap<string, TrainedHead>, name: string): TrainedHead {
  const head = heads.get(name);
  if (!head) throw new Error(`no weights for ${name}`);
  return head;
}
