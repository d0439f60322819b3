import type { CompiledGuardrail, GuardrailConfig } from '../guardrail-engine/index.ts';

/** A guardrail's configuration without what is no part of its behaviour. */
export type Behaviour = Omit<GuardrailConfig, 'tags' | 'clientRequestToken'>;

/** The draft or a version of a guardrail. A version never changes. */
export interface GuardrailVersion {
  readonly version: string;
  readonly config: Behaviour;
  readonly createdAt: string;
  readonly updatedAt: string;
  /** Why this one cannot be applied here: what the embedded engine cannot evaluate. Empty where it can. */
  readonly failures: readonly Failure[];
  /** The token of the request that made it, and what else that request said. */
  readonly madeBy?: Idempotency | undefined;
}

export interface Failure {
  readonly reason: string;
  readonly recommendation: string;
}

export interface Idempotency {
  readonly token: string;
  /** SHA-256 of the request, hex. */
  readonly request: string;
}

/** A guardrail with its draft and its versions, frozen; a change makes another one. */
export interface StoredGuardrail {
  readonly id: string;
  readonly arn: string;
  readonly tags: readonly { readonly key: string; readonly value: string }[];
  readonly draft: GuardrailVersion;
  readonly versions: readonly GuardrailVersion[];
  /** The highest number that was ever given: a number is not given twice. */
  readonly lastVersion: number;
  readonly madeBy?: Idempotency | undefined;
}

/** Where guardrails are kept. */
export interface GuardrailStore {
  get(id: string): StoredGuardrail | undefined;
  /** In the order in which they were created. */
  list(): readonly StoredGuardrail[];
  put(guardrail: StoredGuardrail): Promise<void>;
  remove(id: string): Promise<void>;
}

/** Compiles a version at its first use, and keeps it compiled. */
export type Compiler = (guardrail: StoredGuardrail, version: GuardrailVersion) => CompiledGuardrail;

/** The versions of a guardrail, the draft first. */
export function listAllVersions(guardrail: StoredGuardrail): readonly GuardrailVersion[] {
  return [guardrail.draft, ...guardrail.versions];
}
