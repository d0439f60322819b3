import { parseRegex } from '../regex/parse.ts';
import { createScanner, type Scanner, type ScanPattern } from '../scan/scanner.ts';
import { CONTEXT_PATTERNS } from './context-patterns.ts';
import { PII_PATTERNS, type PiiPattern } from './patterns.ts';
import { PII_DETECTOR_TYPES, type PiiDetectorType, type PiiType } from './types.ts';

const exact = new Map<PiiDetectorType, ScanPattern>();
// Types that may be written without a digit.
const WITHOUT_DIGITS: ReadonlySet<PiiType> = new Set([
  'AWS_SECRET_KEY',
  'EMAIL',
  'MAC_ADDRESS',
  'PASSWORD',
  'SWIFT_CODE',
  'URL',
  'USERNAME',
]);

const scanners = new Map<PiiType, Scanner | undefined>();

/** The scanner's pattern for a PII type that is known by its format, parsed once. */
export function piiScanPattern(type: PiiDetectorType): ScanPattern {
  const known = exact.get(type);
  if (known) return known;
  const pattern = toScanPattern(PII_PATTERNS[type]);
  exact.set(type, pattern);
  return pattern;
}

/** What finds a PII type by its patterns, made once for all guardrails; undefined where a type has none. */
export function piiScanner(type: PiiType): Scanner | undefined {
  if (scanners.has(type)) return scanners.get(type);
  const format = PII_DETECTOR_TYPES.find((one) => one === type);
  const patterns = [
    ...(format ? [piiScanPattern(format)] : []),
    ...(CONTEXT_PATTERNS[type] ?? []).map(toScanPattern),
  ].map((pattern) => ({ ...pattern, needsDigit: !WITHOUT_DIGITS.has(type) }));
  const scanner = patterns.length > 0 ? createScanner({ patterns }) : undefined;
  scanners.set(type, scanner);
  return scanner;
}

function toScanPattern({ source, accept, countPrefix, maxUnits }: PiiPattern): ScanPattern {
  return {
    node: parseRegex(source, { allowNeighbours: true }),
    ...(accept ? { accept } : {}),
    ...(countPrefix ? { countPrefix } : {}),
    ...(maxUnits === undefined ? {} : { maxUnits }),
  };
}
