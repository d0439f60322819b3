import type { Confidence } from '../guardrail/policies.ts';

/** Severities from which confidence is LOW, MEDIUM and HIGH, whatever the classifier. */
const STEPS = [0.25, 0.5, 0.75] as const;

/**
 * A score on a scale that all classifiers share: what each takes for LOW, MEDIUM and HIGH confidence stands at 0.25, 0.5
 * and 0.75, straight lines in between, and 0 and 1 are only approached.
 */
export function severityOf(score: number, [low, medium, high]: readonly [number, number, number]): number {
  if (score < low) return STEPS[0] * Math.exp((score - low) / (medium - low));
  if (score < medium) return STEPS[0] + (0.25 * (score - low)) / (medium - low);
  if (score < high) return STEPS[1] + (0.25 * (score - medium)) / (high - medium);
  return 1 - 0.25 * Math.exp((high - score) / (high - medium));
}

export function confidenceOf(severity: number): Confidence {
  if (severity >= STEPS[2]) return 'HIGH';
  if (severity >= STEPS[1]) return 'MEDIUM';
  return severity >= STEPS[0] ? 'LOW' : 'NONE';
}
