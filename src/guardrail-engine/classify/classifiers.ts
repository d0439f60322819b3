import type { Classifiers } from '../guardrail/policies.ts';
import { createContentClassifier } from './content.ts';
import { scoreGrounding } from './grounding.ts';
import { compileTopics } from './topics.ts';

/** The classifiers that the engine has. */
export const CLASSIFIERS: Classifiers = { createContentClassifier, compileTopics, scoreGrounding };
