import { AlertDelayedError, AlertRefusedError } from '../../ports/alert-channel.ts';

/** Posts JSON; rejects unless it was taken. Errors name the status, and never the address, which may be a secret. */
export async function postJson(url: string, body: object, signal: AbortSignal): Promise<void> {
  let response: Response;
  try {
    response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      // An alert goes where the repository says, and nowhere else.
      redirect: 'manual',
      signal,
    });
  } catch (error) {
    throw new Error(`could not be reached (${nameCause(error)})`, { cause: error });
  }
  await response.body?.cancel();
  const { status, headers } = response;
  if (status >= 200 && status < 300) return;
  const message = `answered ${status}`;
  const retryAfterMs = Number(headers.get('retry-after')) * 1000;
  if (status === 429 || status >= 500) {
    throw retryAfterMs > 0 ? new AlertDelayedError(message, retryAfterMs) : new Error(message);
  }
  throw new AlertRefusedError(message);
}

function nameCause(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (typeof cause === 'object' && cause !== null && 'code' in cause) return String(cause.code);
  return error instanceof Error ? error.name : 'unknown';
}
