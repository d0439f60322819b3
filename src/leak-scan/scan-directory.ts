import { readFileSync, statSync } from 'node:fs';
import type { Finding, ScanReport } from './finding.ts';
import { scanText } from './scan-text.ts';
import { walkDirectory } from './walk.ts';

const MAX_FILE_BYTES = 1024 * 1024;
const SNIFFED_BYTES = 8192;

/** Scans every file below a directory. Throws where it is none; files that cannot be read are reported. */
export async function scanDirectory(directory: string): Promise<ScanReport> {
  const findings: Finding[] = [];
  const unreadable: string[] = [];
  const skipped = { ignored: 0, binary: 0, tooLarge: 0, links: 0 };
  let scannedFiles = 0;
  let allowed = 0;
  for (const visit of walkDirectory(directory)) {
    if (visit.kind !== 'file') {
      if (visit.kind === 'unreadable') unreadable.push(visit.file);
      else skipped[visit.kind] += 1;
      continue;
    }
    const text = readText(visit.path);
    if (text === 'unreadable') unreadable.push(visit.file);
    else if (typeof text === 'string') skipped[text] += 1;
    else {
      scannedFiles += 1;
      const report = await scanText(visit.file, text.content);
      findings.push(...report.findings);
      allowed += report.allowed;
    }
  }
  return { findings, scannedFiles, allowed, skipped, unreadable };
}

function readText(path: string): { readonly content: string } | 'binary' | 'tooLarge' | 'unreadable' {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) return 'tooLarge';
    const bytes = readFileSync(path);
    // PowerShell and older editors on Windows write UTF-16, which is full of zero bytes, and still text.
    if (bytes[0] === 0xff && bytes[1] === 0xfe) return { content: bytes.toString('utf16le', 2) };
    if (bytes.subarray(0, SNIFFED_BYTES).includes(0)) return 'binary';
    return { content: bytes.toString('utf8') };
  } catch {
    return 'unreadable';
  }
}
