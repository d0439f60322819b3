import { z } from 'zod';
import type { StoredGuardrail } from './guardrail.ts';
import { lookUpGuardrail, type ControlPlane } from './plane.ts';
import { readShape, tagKeyShape, tagShape, type WireRequest } from './request.ts';
import { invalid, ServiceError } from './service-error.ts';

const MOST_TAGS = 200;

const resourceARN = z.string().min(20).max(1011);

/** POST /listTagsForResource */
export function listTagsForResource(plane: ControlPlane, { body }: WireRequest) {
  const request = readShape(z.strictObject({ resourceARN }), body ?? {});
  return { tags: findTagged(plane, request.resourceARN).tags };
}

/** POST /tagResource: a tag of a key that is there already takes its place. */
export async function tagResource(plane: ControlPlane, { body }: WireRequest) {
  const request = readShape(
    z.strictObject({ resourceARN, tags: z.array(tagShape).max(MOST_TAGS) }),
    body ?? {},
  );
  const guardrail = findTagged(plane, request.resourceARN);
  const values = new Map([...guardrail.tags, ...request.tags].map(({ key, value }) => [key, value]));
  if (values.size > MOST_TAGS) throw invalid(`A resource has at most ${MOST_TAGS} tags.`);
  await plane.store.put({ ...guardrail, tags: [...values].map(([key, value]) => ({ key, value })) });
  return {};
}

/** POST /untagResource */
export async function untagResource(plane: ControlPlane, { body }: WireRequest) {
  const request = readShape(
    z.strictObject({ resourceARN, tagKeys: z.array(tagKeyShape).max(MOST_TAGS) }),
    body ?? {},
  );
  const guardrail = findTagged(plane, request.resourceARN);
  const tags = guardrail.tags.filter(({ key }) => !request.tagKeys.includes(key));
  await plane.store.put({ ...guardrail, tags });
  return {};
}

function findTagged(plane: ControlPlane, arn: string): StoredGuardrail {
  const guardrail = arn.startsWith('arn:') ? lookUpGuardrail(plane, arn) : undefined;
  if (guardrail !== undefined) return guardrail;
  throw new ServiceError('ResourceNotFoundException', 'There is no resource of this ARN.');
}
