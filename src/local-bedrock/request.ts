import { z } from 'zod';
import { describeIssue, describeValidationException } from '../guardrail-engine/index.ts';
import { invalid } from './service-error.ts';

/** A request as it came over the wire, whatever the operation. */
export interface WireRequest {
  /** The labels of the path, decoded. */
  readonly labels: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** Reads a request against the shape that the service model gives it. Throws a ValidationException in AWS's words. */
export function readShape<Schema extends z.ZodType>(schema: Schema, value: unknown): z.infer<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalid(
    describeValidationException(result.error.issues.flatMap((issue) => describeIssue(issue, value))),
  );
}

const whole = (pattern: string) => new RegExp(`^(?:${pattern})$`, 'u');
const ARN = 'arn:aws(-[^:]+)?:bedrock:[a-z0-9-]{1,20}:[0-9]{12}:guardrail/[a-z0-9]+';

/** Shapes of the service model that several operations share. */
export const identifierShape = z
  .string()
  .max(2048)
  .regex(whole(`(([a-z0-9]+)|(${ARN}))`));
export const versionShape = z.string().regex(whole('(([1-9][0-9]{0,7})|(DRAFT))'));
export const numberedVersionShape = z.string().regex(whole('[1-9][0-9]{0,7}'));
export const tokenShape = z
  .string()
  .min(1)
  .max(256)
  .regex(whole('[a-zA-Z0-9]([\\-a-zA-Z0-9]{0,254}[a-zA-Z0-9])?'));
export const descriptionShape = z.string().min(1).max(200);

const TAG = whole('[a-zA-Z0-9\\s._:/=+@\\-]*');
export const tagKeyShape = z.string().min(1).max(128).regex(TAG);
export const tagShape = z.strictObject({ key: tagKeyShape, value: z.string().max(256).regex(TAG) });
