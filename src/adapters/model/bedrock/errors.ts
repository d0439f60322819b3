import { ModelError, type ModelErrorKind } from '../../../ports/model.ts';
import { nameOfError } from '../../bedrock-runtime/error-name.ts';

const KINDS: Readonly<Record<string, ModelErrorKind>> = {
  ThrottlingException: 'throttled',
  ServiceQuotaExceededException: 'throttled',
  ModelNotReadyException: 'unavailable',
  ServiceUnavailableException: 'unavailable',
  InternalServerException: 'unavailable',
  ModelTimeoutException: 'deadline',
  ModelErrorException: 'unavailable',
  ModelStreamErrorException: 'unavailable',
  ValidationException: 'rejected',
  AccessDeniedException: 'rejected',
  ResourceNotFoundException: 'rejected',
};

/** What the SDK threw, as the port says it. */
export function toModelError(cause: unknown): ModelError {
  if (cause instanceof ModelError) return cause;
  const name = nameOfError(cause);
  return new ModelError(KINDS[name] ?? guessKind(cause, name), name, { cause });
}

/** What the SDK throws when it cannot make sense of an answer: it has no errors of its own for that. */
const UNREADABLE = new Set(['Error', 'SyntaxError', 'RangeError', 'TypeError']);

/** Errors of signing and of credentials have many names; what they share is the status. */
function guessKind(cause: unknown, name: string): ModelErrorKind {
  const { $metadata, code }: { $metadata?: unknown; code?: unknown } = Object(cause);
  const status: unknown = Object($metadata).httpStatusCode;
  if (typeof status === 'number' && status >= 400) {
    if (status === 429) return 'throttled';
    return status < 500 ? 'rejected' : 'unavailable';
  }
  // Errors of the connection have a code.
  return UNREADABLE.has(name) && code === undefined ? 'malformed' : 'unavailable';
}
