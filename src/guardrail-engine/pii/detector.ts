import { PieceCutter, type ScanPiece } from '../scan/pieces.ts';
import { createScanner, type ScanMatch, type Scanner } from '../scan/scanner.ts';
import { ScanStream, scanText } from '../scan/stream.ts';
import { SeenText } from '../text/traits.ts';
import { piiScanPattern } from './pattern-node.ts';
import {
  PII_DETECTOR_TYPES,
  type PiiDetector,
  type PiiDetectorType,
  type PiiMatch,
  type PiiPiece,
  type PiiStream,
} from './types.ts';

/** Makes a detector for some PII types; exact: format and checksum. */
export function createPiiDetector(types: readonly PiiDetectorType[]): PiiDetector {
  const wanted = PII_DETECTOR_TYPES.filter((type) => types.includes(type));
  const scanner = createScanner({ patterns: wanted.map(piiScanPattern) });
  return Object.freeze({
    find: (text: string) => findPii(scanner, wanted, text),
    stream: () => openStream(scanner, wanted),
  });
}

function findPii(scanner: Scanner, types: readonly PiiDetectorType[], text: string): PiiMatch[] {
  if (!scanner.mayMatch(new SeenText(text))) return [];
  const found: PiiMatch[] = [];
  let coveredTo = 0;
  for (const { pattern, start, end } of scanText(scanner, text)) {
    const type = types[pattern];
    if (end <= coveredTo || !type) continue;
    found.push({ type, start: Math.max(start, coveredTo), end });
    coveredTo = end;
  }
  return found;
}

function openStream(scanner: Scanner, types: readonly PiiDetectorType[]): PiiStream {
  const stream = new ScanStream(scanner);
  const cutter = new PieceCutter(stream);
  const cut = (matches: readonly ScanMatch[], isLast: boolean) =>
    cutter.cut(matches, { isLast }).map((piece) => describePiece(piece, types));
  return {
    push: (text) => cut(stream.push(text), false),
    end: () => cut(stream.end(), true),
  };
}

function describePiece({ text, start, match }: ScanPiece, types: readonly PiiDetectorType[]): PiiPiece {
  const type = match && types[match.pattern];
  if (!type) return { kind: 'text', text };
  return { kind: 'match', text, match: { type, start, end: start + text.length } };
}
