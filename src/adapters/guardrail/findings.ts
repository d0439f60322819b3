import type { RecordedGuard } from '../../road/record.ts';

/** The parts of ApplyGuardrail's assessments that name what was found; the embedded engine and Bedrock share them. */
export interface Assessment {
  readonly topicPolicy?: { readonly topics?: readonly Named[] | undefined } | undefined;
  readonly contentPolicy?: { readonly filters?: readonly Named[] | undefined } | undefined;
  readonly wordPolicy?:
    | {
        readonly customWords?: readonly Named[] | undefined;
        readonly managedWordLists?: readonly Named[] | undefined;
      }
    | undefined;
  readonly sensitiveInformationPolicy?:
    | { readonly piiEntities?: readonly Named[] | undefined; readonly regexes?: readonly Named[] | undefined }
    | undefined;
  readonly contextualGroundingPolicy?: { readonly filters?: readonly Named[] | undefined } | undefined;
}

interface Named {
  readonly name?: string | undefined;
  readonly type?: string | undefined;
  readonly action?: string | undefined;
  readonly detected?: boolean | undefined;
}

type Findings = RecordedGuard['findings'];

/** Sums up assessments for the record: policy, name, action and count. The matched text stays out of it. */
export function summariseFindings(assessments: readonly Assessment[]): Findings {
  if (assessments.length === 1 && isClean(assessments[0])) return [];
  const counts = new Map<string, { policy: string; name: string; action: string; count: number }>();
  const add = (policy: string, found: readonly Named[] | undefined, nameless: string) => {
    for (const item of found ?? []) {
      if (item.detected === false) continue;
      const name = item.name ?? item.type ?? nameless;
      const action = item.action ?? 'NONE';
      const key = `${policy}\0${name}\0${action}`;
      const known = counts.get(key);
      if (known === undefined) counts.set(key, { policy, name, action, count: 1 });
      else known.count++;
    }
  };
  for (const assessment of assessments) {
    add('topic', assessment.topicPolicy?.topics, 'topic');
    add('content', assessment.contentPolicy?.filters, 'filter');
    // A custom word has no name but itself, and that is text of the prompt.
    add('word', assessment.wordPolicy?.customWords, 'custom word');
    add('word', assessment.wordPolicy?.managedWordLists, 'managed word');
    add('pii', assessment.sensitiveInformationPolicy?.piiEntities, 'entity');
    add('regex', assessment.sensitiveInformationPolicy?.regexes, 'regex');
    add('grounding', assessment.contextualGroundingPolicy?.filters, 'filter');
  }
  return [...counts.values()];
}

function isClean(assessment: Assessment | undefined): boolean {
  return (
    assessment?.topicPolicy === undefined &&
    assessment?.contentPolicy === undefined &&
    assessment?.wordPolicy === undefined &&
    assessment?.sensitiveInformationPolicy === undefined &&
    assessment?.contextualGroundingPolicy === undefined
  );
}

/** `GUARDRAIL_INTERVENED` is said of a mask too: only the reason tells it from a block. */
export function classifyAction(response: {
  readonly action?: string | undefined;
  readonly actionReason?: string | undefined;
}): RecordedGuard['action'] {
  if (response.action === 'NONE') return 'none';
  return response.actionReason === 'Guardrail masked.' ? 'masked' : 'blocked';
}
