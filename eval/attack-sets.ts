import { lazyWeights, type TrainedHead } from '../src/guardrail-engine/classify/model/weights-file.ts';
import {
  ATTACK_SOURCES,
  HARMLESS_SOURCES,
  listDirectExamples,
  listIndirectExamples,
  ORDER_SOURCES,
} from '../training/prompt-attack.ts';
import { readRows, textOf } from '../training/rows.ts';
import { scoreText, trainHead } from '../training/train-head.ts';

/** A set of texts of one kind, with what tells on it: the shipped model, or one trained without the set. */
export type AttackSet = {
  name: string;
  texts: string[];
  isAttack: boolean;
  origin: 'user' | 'document';
  /** Whether rows of the set are among those that the shipped model learned from. */
  isTrainedOn: boolean;
  /** Scores by a model that has not seen the set, and by the shipped one. */
  unseen: number[];
  pooled: number[];
};

const EVAL_ATTACKS = ['tensor-trust', 'imoxto', 'chatgpt-jb', 'piguard-valid', 'tasktracker-pair'] as const;
const EVAL_HARMLESS = [
  'notinject-one',
  'wildguard-benign',
  'dahoas-benign',
  'teven-benign',
  'piguard-valid',
] as const;
const EVAL_ORDERS = ['injecagent-base', 'injecagent-enhanced'] as const;
const EVAL_DOCUMENTS = ['injecagent-benign-twins', 'bipia-contexts-benign'] as const;

const weights = lazyWeights(
  new URL('../src/guardrail-engine/classify/weights/prompt-attack.bin', import.meta.url),
);

export function shippedHead(name: 'direct' | 'indirect'): TrainedHead {
  const head = weights().get(name);
  if (!head) throw new Error(`no weights for ${name}`);
  return head;
}

/** Reads every set of the prompt-attack data and scores it; trains one model for each training source. */
export function scoreAttackSets(dataDir: string, report: (line: string) => void): AttackSet[] {
  const of = (names: readonly string[], kind: Pick<AttackSet, 'isAttack' | 'origin' | 'isTrainedOn'>) =>
    names.map((name): AttackSet => {
      report(`prompt attack: ${name}`);
      const texts = readRows(dataDir, `prompt-attack/${name}.jsonl`)
        .filter(({ label }) => label === (kind.isAttack ? 1 : 0))
        .map((row) => textOf(row));
      const shipped = shippedHead(kind.origin === 'user' ? 'direct' : 'indirect');
      const pooled = texts.map((text) => scoreText(text, shipped));
      const head = kind.isTrainedOn ? trainWithout(dataDir, name, kind.origin) : undefined;
      return {
        name,
        texts,
        ...kind,
        pooled,
        unseen: head ? texts.map((text) => scoreText(text, head)) : pooled,
      };
    });
  return [
    ...of(ATTACK_SOURCES, { isAttack: true, origin: 'user', isTrainedOn: true }),
    ...of(EVAL_ATTACKS, { isAttack: true, origin: 'user', isTrainedOn: false }),
    ...of(ORDER_SOURCES, { isAttack: true, origin: 'document', isTrainedOn: true }),
    ...of(EVAL_ORDERS, { isAttack: true, origin: 'document', isTrainedOn: false }),
    ...of(HARMLESS_SOURCES, { isAttack: false, origin: 'user', isTrainedOn: true }),
    ...of(EVAL_HARMLESS, { isAttack: false, origin: 'user', isTrainedOn: false }),
    ...of(EVAL_DOCUMENTS, { isAttack: false, origin: 'document', isTrainedOn: false }),
  ];
}

function trainWithout(dataDir: string, name: string, origin: AttackSet['origin']): TrainedHead {
  return origin === 'user'
    ? trainHead('direct', listDirectExamples(dataDir, name))
    : trainHead('indirect', listIndirectExamples(dataDir, { heldOut: name }));
}
