import type { GuardrailSource } from './response.ts';

/** What to do about a match. */
export type RuleAction = 'BLOCK' | 'ANONYMIZE' | 'NONE';

/** What can be said of a control for each direction. */
export type PerDirection<Action> = {
  inputAction?: Action;
  outputAction?: Action;
  inputEnabled?: boolean;
  outputEnabled?: boolean;
};

/** The action of a control in a direction; undefined where it is switched off. */
export function actionOf<Action extends RuleAction>(
  control: PerDirection<Action>,
  source: GuardrailSource,
  defaults: Record<GuardrailSource, Action>,
): Action | undefined {
  const isInput = source === 'INPUT';
  if ((isInput ? control.inputEnabled : control.outputEnabled) === false) return undefined;
  return (isInput ? control.inputAction : control.outputAction) ?? defaults[source];
}

/** A control that blocks both ways unless something else is said. */
export const BLOCK_BY_DEFAULT = { INPUT: 'BLOCK', OUTPUT: 'BLOCK' } as const;
