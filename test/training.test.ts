import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { packWeights, unpackWeights } from '../src/guardrail-engine/classify/model/weights-file.ts';
import type { Example } from '../training/logistic.ts';
import { isTrainingRow } from '../training/rows.ts';
import { growDirectExamples } from '../training/texts/direct-examples.ts';
import { scoreText, setLevels, trainHead, TRAINING } from '../training/train-head.ts';

const OPTIONS = { ...TRAINING, bits: 14, epochs: 3 };

function grow(seed: number): Example[] {
  return growDirectExamples({ seed, attacks: 200, honest: 200 });
}

describe('training', () => {
  const head = trainHead('direct', grow(1), OPTIONS);

  it('gives the same bytes for the same texts', () => {
    assert.deepEqual(packWeights([trainHead('direct', grow(1), OPTIONS)]), packWeights([head]));
    assert.notDeepEqual(packWeights([trainHead('direct', grow(2), OPTIONS)]), packWeights([head]));
  });

  it('learns what carries over to sentences that it has not seen', () => {
    const unseen = grow(3);
    const scores = unseen.map(({ text }) => scoreText(text, head));
    const mean = (positive: boolean) => {
      const part = scores.filter((_, index) => unseen[index]?.positive === positive);
      return part.reduce((sum, score) => sum + score, 0) / part.length;
    };
    assert.ok(mean(true) - mean(false) > 1, `${mean(true)} ${mean(false)}`);
  });

  it('sets the levels where harmless scores leave the stated shares above', () => {
    const harmless = Array.from({ length: 1000 }, (_, index) => index);
    const { levels } = setLevels(head, harmless);
    assert.deepEqual(
      levels.map((level) => harmless.filter((score) => score > level).length),
      [20, 5, 1],
    );
  });

  it('keeps what it stores', () => {
    assert.deepEqual(unpackWeights(packWeights([head, { ...head, name: 'other' }])), [
      head,
      { ...head, name: 'other' },
    ]);
    assert.throws(() => unpackWeights(packWeights([head]).subarray(0, 5000)), /cut short/);
  });
});

describe('the split', () => {
  it('puts about half of the rows on each side, always the same', () => {
    const rows = Array.from({ length: 2000 }, (_, index) => `row ${index}`);
    const training = rows.filter(isTrainingRow);
    assert.ok(training.length > 900 && training.length < 1100, String(training.length));
    assert.deepEqual(rows.filter(isTrainingRow), training);
  });
});
