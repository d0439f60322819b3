import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A row of a data file; which fields it has depends on the file. */
export type DataRow = Readonly<Record<string, string | number | undefined>>;

export function readRows(dataDir: string, file: string): DataRow[] {
  const lines = readFileSync(join(dataDir, file), 'utf8')
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split('\n');
  return lines.map((line) => JSON.parse(line) as DataRow); // what a row holds is read field by field
}

export function textOf(row: DataRow, field = 'text'): string {
  const text = row[field];
  if (typeof text !== 'string') throw new TypeError(`a row without ${field}`);
  return text;
}

/**
 * The fixed split of files that serve both to train and to measure: half of the rows, by a hash of what they are about
 * (the text; for grounding the source), so that rows which share it are on the same side.
 */
export function isTrainingRow(key: string): boolean {
  let hash = 0x811c9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x85ebca6b) >= 0;
}
