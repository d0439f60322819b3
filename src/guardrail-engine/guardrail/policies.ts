import type { TextViews } from '../text/views.ts';

/** How sure a filter is that a text is what it looks for. */
export type Confidence = 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH';

/** How easily a content filter blocks: LOW at high confidence only, MEDIUM at medium too, HIGH at low too. */
export type FilterStrength = 'NONE' | 'LOW' | 'MEDIUM' | 'HIGH';

/** What content filters are for. */
export type ContentFilterType = 'SEXUAL' | 'VIOLENCE' | 'HATE' | 'INSULTS' | 'MISCONDUCT' | 'PROMPT_ATTACK';

/** Bedrock's two generations of classifiers. */
export type Tier = 'CLASSIC' | 'STANDARD';

/** Where a text comes from: decides which prompt attacks are looked for. A `document` is retrieved text or a tool's result. */
export type TextOrigin = 'user' | 'document' | 'model';

/** What a content classifier can tell. */
export type ContentCategory =
  | 'SEXUAL'
  | 'VIOLENCE'
  | 'HATE'
  | 'INSULTS'
  | 'MISCONDUCT'
  | 'JAILBREAK'
  | 'PROMPT_INJECTION'
  | 'PROMPT_LEAKAGE';

/** A denied topic, as it is configured. */
export type TopicDefinition = { name: string; definition: string; examples: readonly string[] };

/** Judges one window of a text. Pure: nothing is kept from one call to the next. */
export type WindowClassifier = {
  /** What it looks for, in order. */
  readonly labels: readonly string[];
  /** How much of each label a window has, from 0 to 1. */
  judge(views: TextViews, origin: TextOrigin): readonly number[];
  /** What a score means; for a topic, anything but NONE is a detection. */
  confidenceOf(label: number, score: number): Confidence;
};

/** A response with what it must be grounded in. */
export type GroundingInput = { sources: readonly string[]; query: string; response: string };

/** How well a response is grounded in its sources, and how relevant it is to the query, each from 0 to 1. */
export type GroundingScores = { grounding: number; relevance: number };

/** The classifiers of an engine. */
export type Classifiers = {
  createContentClassifier: (options: {
    categories: readonly ContentCategory[];
    tier: Tier;
  }) => WindowClassifier;
  compileTopics: (options: { topics: readonly TopicDefinition[]; tier: Tier }) => WindowClassifier;
  scoreGrounding: (input: GroundingInput) => GroundingScores;
};
