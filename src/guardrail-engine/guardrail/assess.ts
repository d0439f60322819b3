import type { Direction } from './compiled.ts';
import { RequestValidationError } from './request-error.ts';
import type { AssessRequest, ContentBlock, GroundingFinding } from './response.ts';
import { guardWhole } from './text-guard.ts';
import type { Finding, VerdictFacts } from './verdict.ts';

/** Judges whole texts, each content block on its own. */
export function judgeContent(request: AssessRequest, direction: Direction): VerdictFacts {
  const startedMs = direction.nowMs();
  const findings: Finding[] = [];
  const worst = direction.policies.map(({ classifier }) => classifier.labels.map(() => 0));
  const characters = { guarded: 0, total: 0 };
  const maskedTexts = request.content.map((block) => {
    const { text } = readBlock(block);
    characters.total += text.length;
    if (!isGuarded(block)) return text;
    characters.guarded += text.length;
    const origin = block.origin ?? (request.source === 'INPUT' ? 'user' : 'model');
    const guarded = guardWhole(text, direction, origin);
    if (guarded === undefined) return text;
    for (const finding of guarded.guard.findings) findings.push(finding);
    guarded.guard.judge.worst.forEach((scores, i) => raise(worst[i] ?? [], scores));
    return guarded.released;
  });
  return {
    direction,
    findings,
    scores: worst,
    grounding: judgeGrounding(request.content, direction),
    characters,
    maskedTexts,
    latencyMs: direction.nowMs() - startedMs,
    outputScope: request.outputScope ?? 'INTERVENTIONS',
  };
}

function raise(worst: number[], scores: readonly number[]): void {
  scores.forEach((score, label) => (worst[label] = Math.max(worst[label] ?? 0, score)));
}

/** Grounding and relevance of what is guarded; nothing where a source, a query or a response is missing. */
export function judgeGrounding(
  content: readonly ContentBlock[],
  { grounding }: Direction,
): GroundingFinding[] {
  if (!grounding) return [];
  const textsOf = (isWanted: (block: ContentBlock) => boolean) =>
    content.filter(isWanted).map(({ text }) => text.text);
  const sources = textsOf(({ text }) => text.qualifiers?.includes('grounding_source') ?? false);
  const queries = textsOf(({ text }) => text.qualifiers?.includes('query') ?? false);
  const responses = textsOf(isGuarded);
  if (sources.length === 0 || queries.length === 0 || responses.length === 0) return [];
  return grounding.judge({ sources, query: queries.join('\n'), response: responses.join('\n') });
}

// An image would be let through unseen.
function readBlock(block: ContentBlock): ContentBlock['text'] {
  if (typeof block.text?.text === 'string') return block.text;
  throw new RequestValidationError(
    'image' in block
      ? 'The guardrail is not configured to evaluate images: its content filters have the modality TEXT only.'
      : 'A content block needs a text.',
  );
}

// Grounding source and query are billed, but not guarded, unless they are said to be guarded content as well.
function isGuarded({ text: { qualifiers } }: ContentBlock): boolean {
  return qualifiers === undefined || qualifiers.length === 0 || qualifiers.includes('guard_content');
}
