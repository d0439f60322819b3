import { FoundMerger } from '../scan/merge.ts';
import { scanWholeText, type TextScanner } from '../scan/text-scan.ts';
import { piiScanner } from './pattern-node.ts';
import { createPiiTagger, TAGGED_TYPES } from './tag-stream.ts';
import type { PiiType } from './types.ts';

/** Personal data in a text; offsets are UTF-16 code units, `end` exclusive. */
export type FoundPii = { type: PiiType; start: number; end: number };

/** Makes a finder of some types of personal data in whole texts: as they stand, folded and decoded. */
export function createPiiFinder(types: readonly PiiType[]): (text: string) => FoundPii[] {
  const tagged = new Map(types.flatMap((type, i) => (TAGGED_TYPES.has(type) ? [[type, i] as const] : [])));
  const scanners = types.flatMap((type, rule) => {
    const scanner = piiScanner(type);
    return scanner ? [{ scanner, rule }] : [];
  });
  const scanner: TextScanner = {
    scanners: { all: scanners.map((one) => one.scanner), leetWords: [] },
    ruleOf: scanners.map((one) => one.scanner.patterns.map(() => one.rule)),
    openOthers: tagged.size > 0 ? [createPiiTagger(tagged)] : [],
  };
  return (text) =>
    new FoundMerger().add(scanWholeText(scanner, text), text.length).flatMap(({ rule, start, end }) => {
      const type = types[rule];
      return type ? [{ type, start, end }] : [];
    });
}
