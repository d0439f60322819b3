import type { RegexNode } from '../regex/syntax.ts';
import { isInRun, type TextTraits } from '../text/traits.ts';

/** What stands in every match of a pattern. */
export type Needs = {
  /** Text, as it is written. */
  literal: string;
  /** A run of so many letters, digits and `_ + / = -`. */
  run: number;
};

/** Whether a text has what every match needs; where not, it need not be searched. */
export function hasNeeds(needs: Needs, text: string, traits: TextTraits): boolean {
  return needs.run <= traits.longestRun && (needs.literal === '' || text.includes(needs.literal));
}

/** Finds what every match of a pattern has in it, or nothing where that cannot be told. */
export function findNeeds(node: RegexNode): Needs {
  const finder = new NeedsFinder();
  finder.visit(node);
  return finder.end();
}

/** Walks what must follow one another. */
class NeedsFinder {
  #best: Needs = { literal: '', run: 0 };
  #literal = '';
  #run = 0;

  visit(node: RegexNode): void {
    switch (node.kind) {
      case 'set': {
        const [lo = 0, hi] = node.set;
        if (node.set.length === 2 && lo === hi) this.#literal += String.fromCharCode(lo);
        else this.#endLiteral();
        if (isRunSet(node)) this.#run += 1;
        else this.#endRun();
        return;
      }
      case 'sequence':
        for (const each of node.nodes) this.visit(each);
        return;
      case 'assertion':
        return; // it has no width
      case 'repeat':
      case 'choice':
        this.#endLiteral();
        this.#visitVaried(node);
    }
  }

  end(): Needs {
    this.#endLiteral();
    this.#endRun();
    return this.#best;
  }

  // What is as long as it likes goes on with a run where all of it is of a run.
  #visitVaried(node: Extract<RegexNode, { kind: 'repeat' | 'choice' }>): void {
    const length = leastRunLength(node);
    if (length !== undefined) {
      this.#run += length;
      return;
    }
    this.#endRun();
    if (node.kind === 'repeat') {
      if (node.min > 0) this.#note(findNeeds(node.node));
      return;
    }
    const runs = node.nodes.map((each) => findNeeds(each).run);
    if (runs.length > 0) this.#note({ literal: '', run: Math.min(...runs) });
  }

  #note({ literal, run }: Needs): void {
    if (literal.length > this.#best.literal.length) this.#best = { ...this.#best, literal };
    if (run > this.#best.run) this.#best = { ...this.#best, run };
  }

  #endLiteral(): void {
    this.#note({ literal: this.#literal, run: 0 });
    this.#literal = '';
  }

  #endRun(): void {
    this.#note({ literal: '', run: this.#run });
    this.#run = 0;
  }
}

/** The least length of a part that is of a run from its beginning to its end; undefined where it need not be. */
function leastRunLength(node: RegexNode): number | undefined {
  switch (node.kind) {
    case 'set':
      return isRunSet(node) ? 1 : undefined;
    case 'assertion':
      return 0;
    case 'repeat': {
      const each = leastRunLength(node.node);
      return each === undefined ? undefined : each * node.min;
    }
    case 'sequence':
    case 'choice': {
      const lengths = node.nodes.map(leastRunLength);
      if (lengths.includes(undefined)) return undefined;
      const known = lengths.filter((length) => length !== undefined);
      return node.kind === 'sequence' ? known.reduce((sum, length) => sum + length, 0) : Math.min(...known);
    }
  }
}

function isRunSet({ set }: Extract<RegexNode, { kind: 'set' }>): boolean {
  for (let i = 0; i + 1 < set.length; i += 2) {
    const [lo = 0, hi = 0] = set.slice(i, i + 2);
    if (hi >= 128) return false;
    for (let unit = lo; unit <= hi; unit++) if (!isInRun(unit)) return false;
  }
  return set.length > 0;
}
