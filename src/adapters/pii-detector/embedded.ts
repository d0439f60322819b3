import { createPiiDetector } from '../../guardrail-engine/index.ts';
import type { PiiDetector } from '../../ports/pii-detector.ts';
import type { RedactableType } from '../../road/governed.ts';

const NOTHING: PiiDetector = { find: () => [] };

/** The embedded engine's exact detectors for the structured types: formats and checksums, in linear time. */
export function createEmbeddedPiiDetector(types: readonly RedactableType[]): PiiDetector {
  return types.length === 0 ? NOTHING : createPiiDetector(types);
}
