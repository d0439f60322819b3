import type { ScanMatch } from './scanner.ts';
import type { ScanStream } from './stream.ts';

/** A stretch of text that is final, with the match that covers it, or without one. */
export type ScanPiece = { text: string; start: number; match?: ScanMatch };

/**
 * Cuts a scanned text into pieces, each covered by one match at most. Where matches overlap, the first (leftmost,
 * longest, of the first pattern) has its whole; a later one that reaches further has the rest, so that nothing of
 * any match is left uncovered.
 */
export class PieceCutter {
  /** Everything before this has been given. */
  releasedTo = 0;
  readonly #stream: ScanStream;

  constructor(stream: ScanStream) {
    this.#stream = stream;
  }

  /** Gives the pieces that the last push (or, `isLast`, the end) made final; `matches` are in order. */
  cut(matches: readonly ScanMatch[], { isLast }: { isLast: boolean }): ScanPiece[] {
    const pieces: ScanPiece[] = [];
    for (const match of matches) {
      if (match.end <= this.releasedTo) continue;
      this.#addPlain(pieces, match.start);
      const start = this.releasedTo;
      pieces.push({ text: this.#stream.slice(start, match.end), start, match });
      this.releasedTo = match.end;
    }
    const { finalTo } = this.#stream;
    // Half a surrogate pair would become U+FFFD where each piece is encoded on its own.
    const isHalf = !isLast && isHighSurrogate(this.#stream.slice(finalTo - 1, finalTo));
    this.#addPlain(pieces, isHalf ? finalTo - 1 : finalTo);
    return pieces;
  }

  #addPlain(pieces: ScanPiece[], to: number): void {
    if (to <= this.releasedTo) return;
    pieces.push({ text: this.#stream.slice(this.releasedTo, to), start: this.releasedTo });
    this.releasedTo = to;
  }
}

function isHighSurrogate(text: string): boolean {
  const unit = text.charCodeAt(0);
  return unit >= 0xd800 && unit <= 0xdbff;
}
