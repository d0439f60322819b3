import type { Classifiers } from '../guardrail/policies.ts';

/** The classifiers that the engine has. */
export const CLASSIFIERS: Classifiers = {};
