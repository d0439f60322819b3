import { judgeGrounding } from './assess.ts';
import type { Direction, GuardStream, Released, StreamOptions } from './compiled.ts';
import type { ApplyGuardrailResponse } from './response.ts';
import { TextGuard } from './text-guard.ts';
import { describeVerdict } from './verdict.ts';

/**
 * Guards a text that arrives in chunks; what is pushed after a block is still read, so that the response is the one
 * for the whole text.
 */
export function openGuardStream(options: StreamOptions, direction: Direction): GuardStream {
  const context = options.context ?? [];
  // How well a response is grounded is known at its end.
  const isHeld = direction.grounding !== undefined && context.length > 0;
  const guard = new TextGuard(direction, { origin: options.source === 'INPUT' ? 'user' : 'model', isHeld });
  const contextUnits = context.reduce((sum, { text }) => sum + text.text.length, 0);
  let whole = '';
  let released = '';
  let characterCount = 0;
  let spentMs = 0;
  let hasEnded = false;

  function read(chunk: string, isLast: boolean): Released {
    if (hasEnded) throw new Error('the guarded text has ended');
    const startedMs = direction.nowMs();
    const text = guard.read(chunk, { isLast });
    released += text;
    hasEnded = isLast;
    characterCount += chunk.length;
    if (isHeld) whole += chunk;
    spentMs += direction.nowMs() - startedMs;
    return { text, blocked: guard.isBlocked };
  }

  function describe(): ApplyGuardrailResponse {
    return describeVerdict({
      direction,
      findings: guard.findings,
      scores: guard.judge.worst,
      grounding: isHeld ? judgeGrounding([...context, { text: { text: whole } }], direction) : [],
      characters: { guarded: characterCount, total: characterCount + contextUnits },
      maskedTexts: [...context.map(({ text }) => text.text), released],
      latencyMs: spentMs,
      outputScope: options.outputScope ?? 'INTERVENTIONS',
    });
  }

  return {
    push: (text) => read(text, false),
    end() {
      const last = read('', true);
      const response = describe();
      const blocked = response.actionReason === 'Guardrail blocked.';
      return { text: blocked ? '' : last.text, blocked, response };
    },
  };
}
