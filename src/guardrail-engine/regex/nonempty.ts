import { EMPTY, NOTHING, RegexRefusedError, type RegexNode } from './syntax.ts';

const choice = (...nodes: RegexNode[]): RegexNode => ({ kind: 'choice', nodes });
const sequence = (...nodes: RegexNode[]): RegexNode => ({ kind: 'sequence', nodes });

/**
 * What of a pattern matches the empty text (assertions at most); undefined where nothing does.
 */
function emptyPart(node: RegexNode): RegexNode | undefined {
  switch (node.kind) {
    case 'set':
      return undefined;
    case 'assertion':
      return node;
    case 'sequence': {
      const parts = node.nodes.map(emptyPart);
      return parts.every((part) => part !== undefined) ? sequence(...parts) : undefined;
    }
    case 'choice': {
      const parts = node.nodes.map(emptyPart).filter((part) => part !== undefined);
      return parts.length === 0 ? undefined : choice(...parts);
    }
    case 'repeat':
      return node.min === 0 ? EMPTY : emptyPart(node.node);
  }
}

/**
 * The pattern without its empty matches: they mask nothing, and one at every position would hide that a text is
 * clean. `a*` becomes `a+`.
 */
export function removeEmptyMatches(node: RegexNode): RegexNode {
  if (emptyPart(node) === undefined) return node;
  switch (node.kind) {
    case 'set':
      return node;
    case 'assertion':
      return NOTHING;
    case 'choice':
      return choice(...node.nodes.map(removeEmptyMatches));
    case 'sequence':
      return removeFromSequence(node.nodes);
    case 'repeat':
      return removeFromRepeat(node);
  }
}

// Every element can be empty here: either the first is not, or it is and the rest is not.
function removeFromSequence(nodes: readonly RegexNode[]): RegexNode {
  const [first, ...rest] = nodes;
  if (!first) return NOTHING;
  const restNode = sequence(...rest);
  return choice(
    sequence(removeEmptyMatches(first), restNode),
    sequence(emptyPart(first) ?? NOTHING, removeFromSequence(rest)),
  );
}

function removeFromRepeat({ node, min, max }: Extract<RegexNode, { kind: 'repeat' }>): RegexNode {
  if (max === 0) return NOTHING;
  const empty = emptyPart(node);
  if (empty === undefined) return { kind: 'repeat', node, min: Math.max(min, 1), max };
  const first = removeEmptyMatches(node);
  if (min > 1 && !isUnconditional(empty)) {
    throw new RegexRefusedError({
      construct: 'a repetition of something that may be an assertion alone',
      offset: 0,
      because: 'what it means is not worth its cost',
      fix: 'take the assertion out of the repeated group',
    });
  }
  // Where an iteration can be empty, all that are required beyond the first can be.
  return sequence(first, { kind: 'repeat', node, min: 0, max: max - 1 });
}

function isUnconditional(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
    case 'assertion':
      return false;
    case 'sequence':
      return node.nodes.every(isUnconditional);
    case 'choice':
      return node.nodes.some(isUnconditional);
    case 'repeat':
      return node.min === 0 || isUnconditional(node.node);
  }
}
