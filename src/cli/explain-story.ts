import type { FoundAttempt } from '../compose/evidence.ts';
import type { AdminRecord, ClosedRecord, RecordedGuard, Story } from '../road/record.ts';
import { formatMicroseconds, paint, stripControls } from './terminal.ts';

const LABEL_WIDTH = 12;

/** One attempt's story in lines for people, in the order of the road. */
export function describeStory({ requestId, story, notes }: FoundAttempt): string[] {
  const closed = story.kind === 'closed' ? story : undefined;
  const lines = [`${paint('bold', stripControls(requestId))}  ${describeOutcome(closed)}`, ''];
  const add = (label: string, value: string | undefined) => {
    if (value !== undefined && value !== '')
      lines.push(`${paint('dim', label.padEnd(LABEL_WIDTH))}${stripControls(value)}`);
  };
  add('asked', `${new Date(story.startedAtMs).toISOString()}, in ${story.dialect}`);
  add('by', describeCaller(story));
  add('attacks', story.attacks?.map(({ pattern, action }) => `${pattern} (${action})`).join(', '));
  add('governance', story.governanceVersion);
  add(
    'capability',
    [
      story.capability,
      story.feature && `feature ${story.feature}`,
      story.dataClass && `data class ${story.dataClass}`,
    ]
      .filter(Boolean)
      .join(', '),
  );
  add('allowed by', story.policies?.join(', '));
  add(
    'prompt',
    story.prompt && `${story.prompt.name} ${story.prompt.version} (${shorten(story.prompt.hash)})`,
  );
  add(
    'redacted',
    Object.entries(story.redactions ?? {})
      .map(([type, count]) => `${count} × ${type}`)
      .join(', '),
  );
  add('route', [story.route, story.model, story.region].filter(Boolean).join(', '));
  for (const guard of story.guards ?? [])
    add(`guard ${guard.source === 'INPUT' ? 'in' : 'out'}`, describeGuard(guard));
  add('input hash', story.inputHash);
  if (closed !== undefined) describeEnding(closed, add);
  for (const { record } of notes)
    if (record.kind === 'admin' && record.feedback !== undefined) add('feedback', describeFeedback(record));
  return lines;
}

function describeOutcome(closed: ClosedRecord | undefined): string {
  if (closed === undefined) return paint('yellow', 'open: it is under way, or its process died');
  const { outcome, refusal } = closed;
  const style = outcome === 'answered' ? 'green' : outcome === 'cancelled' ? 'yellow' : 'red';
  // An edited line may hold anything here.
  return paint(style, stripControls(refusal === undefined ? outcome : `${outcome}: ${refusal.code}`));
}

function describeCaller({ caller }: Story): string {
  if (caller === undefined) return 'nobody who proved who they are';
  const { kind, subject, tenant, groups, workflow, client, issuer } = caller;
  const parts = [`${kind} ${subject} of ${tenant}`];
  if (groups.length > 0) parts.push(`groups ${groups.join(', ')}`);
  if (workflow !== undefined) parts.push(`workflow ${workflow}`);
  if (client !== undefined) parts.push(`client ${client}`);
  return `${parts.join('; ')}; token of ${issuer}`;
}

function describeFeedback({ actor, atMs, feedback }: AdminRecord): string {
  const comment = { kept: ', with a comment', not_kept: ', with a comment that is not kept', none: '' };
  return `${feedback?.score} by ${actor} at ${new Date(atMs).toISOString()}${comment[feedback?.comment ?? 'none']}`;
}

function describeGuard({ engine, id, version, action, findings }: RecordedGuard): string {
  const found = findings.map(
    ({ policy, name, action, count }) => `${policy} ${name} ${action}${count > 1 ? ` × ${count}` : ''}`,
  );
  return `${action} by ${id} ${version} (${engine})${found.length === 0 ? '' : `: ${found.join(', ')}`}`;
}

function describeEnding(closed: ClosedRecord, add: (label: string, value: string | undefined) => void): void {
  add('refused', closed.refusal?.detail);
  for (const { route, outcome, cause, tookUs } of closed.tries ?? []) {
    add(
      'try',
      `${route} ${outcome}${cause === undefined ? '' : ` (${cause})`} after ${formatMicroseconds(tookUs)}`,
    );
  }
  add('finished', closed.finishReason);
  const { usage, costMicroUsd } = closed;
  add(
    'tokens',
    usage &&
      `${usage.inputTokens} in, ${usage.outputTokens} out (${usage.source === 'provider' ? 'counted by the provider' : 'estimated'})`,
  );
  add('cost', costMicroUsd === undefined ? undefined : `$${(costMicroUsd / 1_000_000).toFixed(6)}`);
  add('answer hash', closed.answerHash);
  add('took', closed.tookUs === undefined ? undefined : formatMicroseconds(closed.tookUs));
  const stages = Object.entries(closed.stages ?? {}).map(
    ([stage, us]) => `${stage} ${formatMicroseconds(us)}`,
  );
  add('stages', stages.join(' · '));
}

function shorten(hash: string): string {
  return hash.slice(0, 12);
}
