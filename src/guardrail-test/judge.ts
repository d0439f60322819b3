import type { GuardrailCase } from '../governance/guardrail-cases.ts';
import {
  compileGuardrail,
  type ApplyGuardrailResponse,
  type ContentBlock,
} from '../guardrail-engine/index.ts';
import type { GuardrailFile } from './workspace.ts';

/** What a guardrail made of a case. */
export interface Outcome {
  readonly action: 'none' | 'masked' | 'blocked';
  /** The texts that come out, one a block; of a block, its message. */
  readonly outputs: readonly string[];
  /** Each thing that was found, once, as POLICY NAME, sorted. */
  readonly findings: readonly string[];
}

/** Says what a guardrail makes of a case. */
export type Judge = (testCase: GuardrailCase) => Outcome;

/** Compiles a guardrail for any number of cases. */
export function createJudge({ name, version, config }: GuardrailFile): Judge {
  const guardrail = compileGuardrail(config, {
    id: name.toLowerCase().replaceAll(/[^a-z0-9]/g, ''),
    version,
  });
  return (testCase) => {
    const texts = listTexts(testCase.text);
    const context = listContext(testCase);
    const content = [...context, ...texts.map((text): ContentBlock => ({ text: { text } }))];
    const response = guardrail.assess({ source: testCase.source, content });
    const action = actionOf(response);
    const outputs = response.outputs.map(({ text }) => text);
    return {
      action,
      outputs: action === 'none' ? texts : action === 'masked' ? outputs.slice(context.length) : outputs,
      findings: listFindings(response),
    };
  };
}

/** A text, or several. */
export function listTexts(texts: string | readonly string[]): readonly string[] {
  return typeof texts === 'string' ? [texts] : texts;
}

function listContext({ grounding }: GuardrailCase): ContentBlock[] {
  if (grounding === undefined) return [];
  const sources = listTexts(grounding.source).map((text) => ({
    text,
    qualifiers: ['grounding_source'] as const,
  }));
  return [...sources, { text: grounding.query, qualifiers: ['query'] as const }].map((text) => ({ text }));
}

// The service says GUARDRAIL_INTERVENED of a mask too: only the reason tells it from a block.
function actionOf({ action, actionReason }: ApplyGuardrailResponse): Outcome['action'] {
  if (action === 'NONE') return 'none';
  return actionReason === 'Guardrail masked.' ? 'masked' : 'blocked';
}

function listFindings({ assessments }: ApplyGuardrailResponse): string[] {
  const found = assessments.flatMap(
    ({ topicPolicy, contentPolicy, wordPolicy, sensitiveInformationPolicy, contextualGroundingPolicy }) => [
      ...nameAll('topic', topicPolicy?.topics, ({ name }) => name),
      ...nameAll('content', contentPolicy?.filters, ({ type }) => type),
      ...nameAll('word', wordPolicy?.customWords, ({ match }) => match.toLowerCase()),
      ...nameAll('profanity', wordPolicy?.managedWordLists, ({ match }) => match.toLowerCase()),
      ...nameAll('pii', sensitiveInformationPolicy?.piiEntities, ({ type }) => type),
      ...nameAll('regex', sensitiveInformationPolicy?.regexes, ({ name }) => name),
      ...nameAll('grounding', contextualGroundingPolicy?.filters, ({ type }) => type),
    ],
  );
  return [...new Set(found)].toSorted();
}

function nameAll<Found extends { readonly detected: boolean }>(
  policy: string,
  all: readonly Found[] | undefined,
  nameOf: (found: Found) => string,
): string[] {
  return (all ?? []).filter(({ detected }) => detected).map((found) => `${policy} ${nameOf(found)}`);
}
