import type { Found } from '../scan/run-stream.ts';
import { createScanner, type Scanner } from '../scan/scanner.ts';
import { ScanStream, scanText } from '../scan/stream.ts';
import type { TextScan } from '../scan/text-scan.ts';
import { piiScanPattern } from './pattern-node.ts';

type Span = { start: number; end: number };

let addresses: Scanner | undefined;

/**
 * Another scan, whose findings do not count inside e-mail addresses and URLs: what looks like a name there is a part of
 * them. A finding waits until it is known what addresses it stands in, so that it does not matter where the text was cut.
 */
export class OutsideAddresses implements TextScan {
  finalTo = 0;
  readonly #inner: TextScan;
  readonly #scanner = (addresses ??= createScanner({
    patterns: [piiScanPattern('EMAIL'), piiScanPattern('URL')],
  }));
  readonly #stream = new ScanStream(this.#scanner);
  // In order.
  #spans: Span[] = [];
  #held: Found[] = [];

  constructor(inner: TextScan) {
    this.#inner = inner;
  }

  read(chunk: string, options: { isLast: boolean }): Found[] {
    const found = this.#inner.read(chunk, options);
    // A text that comes in one piece is only looked at around what was found.
    if (options.isLast && this.#stream.fedTo === 0) {
      const spans = findAddressesAround(this.#scanner, chunk, found);
      this.finalTo = this.#inner.finalTo;
      return cutOut(found, spans);
    }
    this.#held.push(...found);
    this.#spans.push(...(options.isLast ? this.#stream.pushLast(chunk) : this.#stream.push(chunk)));
    const known = this.#held.filter(({ end }) => end <= this.#stream.finalTo);
    const given = cutOut(known, this.#spans);
    this.#held = this.#held.filter(({ end }) => end > this.#stream.finalTo);
    this.finalTo = Math.min(this.#inner.finalTo, this.#held[0]?.start ?? Infinity);
    this.#spans = this.#spans.filter(({ end }) => end > this.finalTo);
    return given;
  }
}

const MAY_BE_ADDRESS = /@|:\/\/|www\./i;
const isSpace = (char: string) => /\s/.test(char);

// No address has a space in it: each stands in the run of other characters that a finding is a part of.
function findAddressesAround(scanner: Scanner, text: string, found: readonly Found[]): Span[] {
  const spans: Span[] = [];
  let to = 0;
  for (const { start, end } of found) {
    if (end <= to) continue;
    let from = Math.max(start, to);
    while (from > to && !isSpace(text.charAt(from - 1))) from--;
    for (to = end; to < text.length && !isSpace(text.charAt(to));) to++;
    const run = text.slice(from, to);
    if (!MAY_BE_ADDRESS.test(run)) continue;
    for (const match of scanText(scanner, run))
      spans.push({ start: from + match.start, end: from + match.end });
  }
  return spans;
}

// What of each finding lies before the first address that it meets, or behind it where it begins inside. Both are in order.
function cutOut(found: readonly Found[], spans: readonly Span[]): Found[] {
  let next = 0;
  return found.flatMap((one) => {
    let { start, end } = one;
    while ((spans[next]?.end ?? Infinity) <= start) next++;
    for (let at = next, span = spans[at]; span && span.start < end; span = spans[++at]) {
      if (span.end <= start) continue;
      if (span.start <= start) start = span.end;
      else end = span.start;
    }
    return start < end ? [{ ...one, start, end }] : [];
  });
}
