import type { Found } from '../scan/run-stream.ts';
import { createScanner, type Scanner } from '../scan/scanner.ts';
import { ScanStream } from '../scan/stream.ts';
import type { TextScan } from '../scan/text-scan.ts';
import { measureTraits } from '../text/traits.ts';
import { piiScanPattern } from './pattern-node.ts';

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
  #spans: { start: number; end: number }[] = [];
  #held: Found[] = [];

  constructor(inner: TextScan) {
    this.#inner = inner;
  }

  read(chunk: string, options: { isLast: boolean }): Found[] {
    for (const found of this.#inner.read(chunk, options)) this.#held.push(found);
    // Most texts come in one piece, and have no address in them.
    const isWhole = options.isLast && this.#stream.fedTo === 0;
    const isFree =
      isWhole && (this.#held.length === 0 || !this.#scanner.mayMatch(chunk, measureTraits(chunk)));
    if (!isFree)
      this.#spans.push(...(options.isLast ? this.#stream.pushLast(chunk) : this.#stream.push(chunk)));
    const ready = isFree ? this.#held : this.#held.filter(({ end }) => end <= this.#stream.finalTo);
    const given = ready.flatMap((found) => cutOut(found, this.#spans));
    this.#held = isFree ? [] : this.#held.filter(({ end }) => end > this.#stream.finalTo);
    this.finalTo = Math.min(this.#inner.finalTo, this.#held[0]?.start ?? Infinity);
    this.#spans = this.#spans.filter(({ end }) => end > this.finalTo);
    return given;
  }
}

// What of a finding lies before the first span that it meets, or behind it where it begins inside.
function cutOut(found: Found, spans: readonly { start: number; end: number }[]): Found[] {
  let { start, end } = found;
  for (const span of spans) {
    if (span.end <= start || span.start >= end) continue;
    if (span.start <= start) start = span.end;
    else end = span.start;
  }
  return start < end ? [{ ...found, start, end }] : [];
}
