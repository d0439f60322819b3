import { hash } from 'node:crypto';
import { z } from 'zod';
import {
  describeValidationException,
  parseGuardrailConfig,
  type GuardrailConfig,
} from '../guardrail-engine/index.ts';
import { toArn } from './describe.ts';
import type { GuardrailStore, Idempotency, StoredGuardrail } from './guardrail.ts';
import { makeVersion } from './make-version.ts';
import { findGuardrail, findVersion, type ControlPlane } from './plane.ts';
import {
  descriptionShape,
  numberedVersionShape,
  readShape,
  tokenShape,
  type WireRequest,
} from './request.ts';
import { invalid, ServiceError } from './service-error.ts';

/** Amazon's quotas of an account, as documented. */
const MOST_GUARDRAILS = 100;
const MOST_VERSIONS = 20;

/** POST /guardrails */
export async function createGuardrail(plane: ControlPlane, { body }: WireRequest) {
  const { store, place } = plane;
  const { tags = [], clientRequestToken, ...config } = readConfig(body);
  const madeBy = describeRequest(clientRequestToken, [config, tags]);
  const before = findMade(store.list(), madeBy);
  if (before !== undefined) return describeCreated(before);
  refuseTakenName(store, config.name);
  if (store.list().length >= MOST_GUARDRAILS)
    throw quotaExceeded(`${MOST_GUARDRAILS} guardrails in an account`);
  const id = plane.createId();
  const created: StoredGuardrail = {
    id,
    arn: toArn(id, place),
    tags,
    draft: makeVersion({ version: 'DRAFT', config, at: readClock(plane) }),
    versions: [],
    lastVersion: 0,
    ...(madeBy && { madeBy }),
  };
  await store.put(created);
  return describeCreated(created);
}

function describeCreated({ id, arn, draft }: StoredGuardrail) {
  return { guardrailId: id, guardrailArn: arn, version: 'DRAFT', createdAt: draft.createdAt };
}

/** PUT /guardrails/{guardrailIdentifier}: the draft is what this request says, and nothing of what it was. */
export async function updateGuardrail(plane: ControlPlane, { labels, body }: WireRequest) {
  const { store } = plane;
  const guardrail = findGuardrail(plane, labels['guardrailIdentifier']);
  const { tags, clientRequestToken, ...config } = readConfig(body);
  if (tags !== undefined || clientRequestToken !== undefined)
    throw invalid('UpdateGuardrail takes neither tags nor a clientRequestToken.');
  refuseTakenName(store, config.name, guardrail.id);
  const at = readClock(plane);
  const draft = makeVersion({ version: 'DRAFT', config, at, createdAt: guardrail.draft.createdAt });
  await store.put({ ...guardrail, draft });
  return { guardrailId: guardrail.id, guardrailArn: guardrail.arn, version: 'DRAFT', updatedAt: at };
}

const versionRequest = z
  .strictObject({
    description: descriptionShape.exactOptional(),
    clientRequestToken: tokenShape.exactOptional(),
  })
  .default({});

/** POST /guardrails/{guardrailIdentifier} */
export async function createGuardrailVersion(plane: ControlPlane, { labels, body }: WireRequest) {
  const guardrail = findGuardrail(plane, labels['guardrailIdentifier']);
  const { description, clientRequestToken } = readShape(versionRequest, body);
  const madeBy = describeRequest(clientRequestToken, [description]);
  const before = findMade(guardrail.versions, madeBy);
  if (before !== undefined) return { guardrailId: guardrail.id, version: before.version };
  const { draft, versions } = guardrail;
  if (draft.failures.length > 0)
    throw new ServiceError(
      'ConflictException',
      'The draft of the guardrail has the status FAILED: GetGuardrail says why.',
    );
  if (versions.length >= MOST_VERSIONS) throw quotaExceeded(`${MOST_VERSIONS} versions of a guardrail`);
  const lastVersion = guardrail.lastVersion + 1;
  const config = description === undefined ? draft.config : { ...draft.config, description };
  const at = readClock(plane);
  const version = makeVersion({ version: String(lastVersion), config, at, madeBy });
  await plane.store.put({ ...guardrail, versions: [...versions, version], lastVersion });
  return { guardrailId: guardrail.id, version: version.version };
}

/** DELETE /guardrails/{guardrailIdentifier}: one version or, where none is named, all of the guardrail. */
export async function deleteGuardrail(plane: ControlPlane, { labels, query }: WireRequest) {
  const guardrail = findGuardrail(plane, labels['guardrailIdentifier']);
  const { guardrailVersion } = readShape(
    z.object({ guardrailVersion: numberedVersionShape.exactOptional() }),
    query,
  );
  if (guardrailVersion === undefined) {
    await plane.store.remove(guardrail.id);
    return {};
  }
  const gone = findVersion(guardrail, guardrailVersion);
  await plane.store.put({ ...guardrail, versions: guardrail.versions.filter((one) => one !== gone) });
  return {};
}

function readConfig(body: unknown): GuardrailConfig {
  const parsed = parseGuardrailConfig(body ?? {});
  if (!parsed.ok) throw invalid(describeValidationException(parsed.errors));
  const { topicPolicyConfig, contentPolicyConfig, wordPolicyConfig, ...rest } = parsed.config;
  const { sensitiveInformationPolicyConfig, contextualGroundingPolicyConfig } = rest;
  const isGuarded = [
    topicPolicyConfig?.topicsConfig,
    contentPolicyConfig?.filtersConfig,
    wordPolicyConfig?.wordsConfig,
    wordPolicyConfig?.managedWordListsConfig,
    sensitiveInformationPolicyConfig?.piiEntitiesConfig,
    sensitiveInformationPolicyConfig?.regexesConfig,
    contextualGroundingPolicyConfig?.filtersConfig,
    rest.automatedReasoningPolicyConfig?.policies,
  ].some((list) => list !== undefined && list.length > 0);
  if (!isGuarded) throw invalid('A guardrail needs at least one policy.');
  return parsed.config;
}

function refuseTakenName(store: GuardrailStore, name: string, exceptId?: string): void {
  if (store.list().every(({ id, draft }) => id === exceptId || draft.config.name !== name)) return;
  throw new ServiceError('ConflictException', `Another guardrail already has the name ${name}.`);
}

function quotaExceeded(what: string): ServiceError {
  return new ServiceError('ServiceQuotaExceededException', `The quota of ${what} is reached.`);
}

function describeRequest(token: string | undefined, parts: readonly unknown[]): Idempotency | undefined {
  if (token === undefined) return undefined;
  return { token, request: hash('sha256', JSON.stringify(parts), 'hex') };
}

// The same request again made nothing more, and gets the same answer.
function findMade<Made extends { readonly madeBy?: Idempotency | undefined }>(
  all: readonly Made[],
  madeBy: Idempotency | undefined,
): Made | undefined {
  const before = all.find((one) => madeBy !== undefined && one.madeBy?.token === madeBy.token);
  if (before === undefined || before.madeBy?.request === madeBy?.request) return before;
  throw new ServiceError('ConflictException', 'The clientRequestToken was used before with another request.');
}

function readClock({ nowMs }: ControlPlane): string {
  return new Date(nowMs()).toISOString();
}
