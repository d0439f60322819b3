import type { RateLimits } from './rate-limits.ts';

/**
 * Every way the road can say no. The code is stable (clients and alerts key on it); `status` is the HTTP
 * status; `message` is what the caller reads. The precise reason travels beside it as `detail`, which only
 * operators see (audit record, logs), and which never holds prompt text or a secret.
 */
export const REFUSALS = {
  'edge.body_too_large': { status: 413, message: 'The request body is larger than this gateway accepts.' },
  'edge.body_too_deep': {
    status: 400,
    message: 'The request body is nested deeper than this gateway accepts.',
  },
  'edge.invalid_utf8': { status: 400, message: 'The request body is not valid UTF-8.' },
  'edge.malformed_json': { status: 400, message: 'The request body is not valid JSON.' },
  'edge.malformed_request': { status: 400, message: 'The request does not have the shape of this API.' },
  'edge.unsupported_media_type': { status: 415, message: 'Send the request as application/json.' },
  'edge.headers_too_large': {
    status: 431,
    message: 'The headers of the request are larger than this gateway accepts.',
  },
  'edge.unknown_path': { status: 404, message: 'No such endpoint here.' },
  'edge.method_not_allowed': {
    status: 405,
    message: 'This endpoint does not take that method; the Allow header names those that it takes.',
  },
  'edge.malformed_http': { status: 400, message: 'What arrived is not valid HTTP.' },
  'edge.timeout': { status: 408, message: 'The request did not arrive in time.' },

  'edge.rate_exceeded': { status: 429, message: 'Too many requests from this address. Slow down.' },
  'edge.origin_refused': { status: 403, message: 'Pages of this origin may not use this gateway.' },
  'edge.attack_pattern': { status: 403, message: 'The request looks like a known attack.' },

  'identity.missing_token': {
    status: 401,
    message: 'Send a bearer token of an accepted issuer in the Authorization header.',
  },
  'identity.wrong_scheme': { status: 401, message: 'Send the token as "Authorization: Bearer <token>".' },
  'identity.malformed_token': { status: 401, message: 'The bearer token is not a JSON Web Token.' },
  'identity.token_too_large': {
    status: 401,
    message: 'The bearer token is larger than this gateway accepts.',
  },
  'identity.forbidden_header': {
    status: 401,
    message: 'The token names or carries its own key, which is never trusted.',
  },
  'identity.critical_header': {
    status: 401,
    message: 'The token demands an extension that this gateway does not know.',
  },
  'identity.algorithm_not_allowed': {
    status: 401,
    message: 'The token is not signed with an accepted asymmetric algorithm.',
  },
  'identity.unknown_issuer': {
    status: 401,
    message: 'The token comes from an issuer that is not accepted here.',
  },
  'identity.unknown_key': {
    status: 401,
    message: 'The token is signed with a key that its issuer does not publish.',
  },
  'identity.bad_signature': { status: 401, message: 'The signature of the token is wrong.' },
  'identity.expired_token': { status: 401, message: 'The token has expired. Fetch a new one.' },
  'identity.not_yet_valid': { status: 401, message: 'The token is not valid yet.' },
  'identity.wrong_audience': { status: 401, message: 'The token was issued for another audience.' },
  'identity.wrong_token_use': {
    status: 401,
    message: 'The token is not of the kind that this gateway accepts.',
  },
  'identity.missing_claim': { status: 401, message: 'The token lacks a claim that this gateway needs.' },
  'identity.invalid_claim': {
    status: 401,
    message: 'A claim of the token has a type or a value that is not accepted.',
  },
  'identity.unknown_tenant': { status: 403, message: 'The token names a tenant that is not known here.' },
  'identity.issuer_unavailable': {
    status: 503,
    message: 'The token could not be verified, since its issuer is away. Try again.',
  },

  'switch.everything_off': { status: 503, message: 'This gateway is switched off.' },
  'switch.tenant_off': { status: 403, message: 'Your tenant is switched off.' },
  'switch.user_off': { status: 403, message: 'Your access is switched off.' },
  'switch.capability_off': { status: 503, message: 'This capability is switched off.' },
  'switch.prompt_off': { status: 503, message: 'The prompt of this capability is switched off.' },
  'switch.guardrail_off': { status: 503, message: 'The guardrail of this capability is switched off.' },
  'switch.source_off': { status: 503, message: 'What this capability answers from is switched off.' },
  'switch.tool_off': { status: 503, message: 'A tool of this request is switched off.' },
  'switch.route_off': { status: 503, message: 'Every model that may serve this request is switched off.' },
  'switch.unavailable': {
    status: 503,
    message: 'It is not known what is switched off, so the request was refused.',
  },

  'authorisation.unknown_capability': {
    status: 404,
    message: 'There is no such capability. GET /v1/models lists those that you may use.',
  },
  'authorisation.denied': { status: 403, message: 'Policy does not allow you to use this capability.' },
  'authorisation.act_denied': { status: 403, message: 'Policy does not allow you to do this.' },
  'authorisation.unavailable': {
    status: 503,
    message: 'The policy decision could not be made, so the request was refused.',
  },

  'feedback.unknown_request': { status: 404, message: 'You have made no such request.' },
  'feedback.unavailable': {
    status: 503,
    message: 'The request could not be looked up, so the feedback was not taken. Try again.',
  },

  'prompt.system_message_not_allowed': {
    status: 400,
    message: 'This capability brings its own instructions: send no system or developer message.',
  },
  'prompt.parameter_not_allowed': { status: 400, message: 'This capability does not allow that parameter.' },
  'prompt.parameter_out_of_range': {
    status: 400,
    message: 'A parameter is outside the range that this capability allows.',
  },
  'prompt.tool_not_allowed': { status: 400, message: 'This capability does not have that tool.' },
  'prompt.unknown_variable': { status: 400, message: 'This capability does not have that prompt variable.' },
  'prompt.missing_variable': {
    status: 400,
    message: 'A prompt variable that this capability needs is missing.',
  },
  'prompt.invalid_variable': { status: 400, message: 'A prompt variable does not have the declared type.' },
  'prompt.too_long': { status: 400, message: 'The conversation is longer than this capability allows.' },

  'redaction.unavailable': {
    status: 503,
    message: 'Personal data could not be masked, so the request was refused.',
  },

  'routing.none_allowed': {
    status: 503,
    message: 'No model may serve this request under its data class and region.',
  },
  'routing.none_healthy': {
    status: 503,
    message: 'Every model that may serve this request is away. Try again.',
  },

  'admission.rate_exceeded': { status: 429, message: 'Too many requests at once. Slow down.' },
  'admission.quota_exhausted': { status: 429, message: 'The requests of this month are used up.' },
  'admission.tokens_exceeded': { status: 429, message: 'Too many tokens in this minute.' },
  'admission.concurrency_exceeded': {
    status: 429,
    message: 'Too many requests are under way. Wait for one to end.',
  },
  'admission.budget_exhausted': {
    status: 429,
    message: 'What is left of a budget does not pay for this request.',
  },
  'admission.unavailable': {
    status: 503,
    message: 'Limits and budgets could not be checked, so the request was refused.',
  },

  'guardrail.input_blocked': {
    status: 400,
    message: 'The guardrail of this capability blocked the request.',
  },
  'guardrail.output_blocked': {
    status: 400,
    message: 'The guardrail of this capability blocked the answer.',
  },
  'guardrail.unavailable': {
    status: 503,
    message: 'The guardrail could not be asked, so the request was refused.',
  },

  'audit.unavailable': { status: 503, message: 'The request could not be recorded, so it was refused.' },

  'inference.unavailable': { status: 502, message: 'The model is away. Try again.' },
  'inference.throttled': { status: 503, message: 'The model is overloaded. Try again later.' },
  'inference.deadline': { status: 504, message: 'The model did not answer in time.' },
  'inference.malformed': { status: 502, message: 'The model sent something that is not an answer.' },
  'inference.rejected': { status: 502, message: 'The model rejected the request.' },

  'gateway.internal': { status: 500, message: 'The gateway failed, so the request was refused.' },
} as const satisfies Record<string, { status: number; message: string }>;

export type RefusalCode = keyof typeof REFUSALS;

/** What a *no* says beside its code. `hint` is safe for the caller to read; `detail` is for operators alone. */
export interface Why {
  readonly hint?: string | undefined;
  readonly detail?: string | undefined;
  /** What the caller reads in place of the code's message, where the governance repository has words of its own. */
  readonly message?: string | undefined;
  /** When it may be otherwise; absent where time alone does not help. */
  readonly retryAfterMs?: number | undefined;
  readonly rateLimits?: RateLimits | undefined;
}

/** A stage's *no*, as data. */
export interface Refusal {
  readonly refused: true;
  readonly code: RefusalCode;
  readonly hint: string | undefined;
  readonly detail: string | undefined;
  /** What the caller reads in place of the code's message, where the governance repository has words of its own. */
  readonly message?: string;
  readonly retryAfterMs?: number;
  readonly rateLimits?: RateLimits;
}

/** Makes a refusal. Neither `hint` nor `detail` may hold prompt text, personal data or a secret. */
export function refuse(code: RefusalCode, why: Why = {}): Refusal {
  const { hint, detail, message, retryAfterMs, rateLimits } = why;
  return {
    refused: true,
    code,
    hint,
    detail,
    ...(message === undefined ? {} : { message }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(rateLimits === undefined ? {} : { rateLimits }),
  };
}

/** Whether a stage's result is a refusal rather than a proof. */
export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as { refused?: unknown }).refused === true; // narrowing an object to read one field
}

/** The words for the caller: the code's public message and, where there is one, the hint. */
export function describeRefusal(refusal: Refusal): string {
  const message = refusal.message ?? REFUSALS[refusal.code].message;
  return refusal.hint === undefined ? message : `${message} ${refusal.hint}`;
}

/**
 * What an unforeseen error may say on the record: its class and where it was thrown. Its message may hold anything,
 * the prompt too.
 */
export function describeUnforeseen(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  const name = /^\w{1,64}$/.test(error.name) ? error.name : 'Error';
  const frame = error.stack?.split('\n').find((line) => /^\s+at .+:\d+:\d+\)?$/.test(line));
  const place = frame === undefined ? undefined : /([\w.-]+:\d+):\d+\)?$/.exec(frame)?.[1];
  return place === undefined ? name : `${name} at ${place}`;
}

/** A refusal on its way out of code that cannot return one (inside a stream). */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly refusal: Refusal;
  constructor(refusal: Refusal, options?: ErrorOptions) {
    super(`${refusal.code}${refusal.detail === undefined ? '' : `: ${refusal.detail}`}`, options);
    this.refusal = refusal;
  }
}

/** The refusal that an error carries; anything else is a failure of the gateway, whose words are told to nobody. */
export function toRefusal(error: unknown): Refusal {
  if (error instanceof RefusalError) return error.refusal;
  return refuse('gateway.internal', { detail: describeUnforeseen(error) });
}
