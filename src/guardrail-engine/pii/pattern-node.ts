import { parseRegex } from '../regex/parse.ts';
import type { ScanPattern } from '../scan/scanner.ts';
import { CONTEXT_PATTERNS } from './context-patterns.ts';
import { PII_PATTERNS, type PiiPattern } from './patterns.ts';
import { PII_DETECTOR_TYPES, type PiiDetectorType, type PiiType } from './types.ts';

const exact = new Map<PiiDetectorType, ScanPattern>();
const all = new Map<PiiType, readonly ScanPattern[]>();

/** The scanner's pattern for a PII type that is known by its format, parsed once. */
export function piiScanPattern(type: PiiDetectorType): ScanPattern {
  const known = exact.get(type);
  if (known) return known;
  const pattern = toScanPattern(PII_PATTERNS[type]);
  exact.set(type, pattern);
  return pattern;
}

/** Every pattern for a PII type, parsed once: none where it is not known by patterns. */
export function listPiiScanPatterns(type: PiiType): readonly ScanPattern[] {
  const known = all.get(type);
  if (known) return known;
  const format = PII_DETECTOR_TYPES.find((one) => one === type);
  const patterns = [
    ...(format ? [piiScanPattern(format)] : []),
    ...(CONTEXT_PATTERNS[type] ?? []).map(toScanPattern),
  ];
  all.set(type, patterns);
  return patterns;
}

function toScanPattern({ source, accept, countPrefix, maxUnits }: PiiPattern): ScanPattern {
  return {
    node: parseRegex(source, { allowNeighbours: true }),
    ...(accept ? { accept } : {}),
    ...(countPrefix ? { countPrefix } : {}),
    ...(maxUnits === undefined ? {} : { maxUnits }),
  };
}
