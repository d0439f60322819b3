import type { TextScan } from '../scan/text-scan.ts';
import type { PiiType } from './types.ts';

/** The types that are told by a tagger. */
export const TAGGED_TYPES: ReadonlySet<PiiType> = new Set();

export function openPiiTagger(rules: ReadonlyMap<PiiType, number>): TextScan {
  void rules;
  return { finalTo: Infinity, read: () => [] };
}
