import { parseRegex } from '../regex/parse.ts';
import type { ScanPattern } from '../scan/scanner.ts';
import { PII_PATTERNS } from './patterns.ts';
import type { PiiDetectorType } from './types.ts';

const patterns = new Map<PiiDetectorType, ScanPattern>();

/** The scanner's pattern for a PII type, parsed once. */
export function piiScanPattern(type: PiiDetectorType): ScanPattern {
  const known = patterns.get(type);
  if (known) return known;
  const { source, accept, maxUnits } = PII_PATTERNS[type];
  const pattern: ScanPattern = {
    node: parseRegex(source, { allowNeighbours: true }),
    ...(accept ? { accept } : {}),
    ...(maxUnits === undefined ? {} : { maxUnits }),
  };
  patterns.set(type, pattern);
  return pattern;
}
