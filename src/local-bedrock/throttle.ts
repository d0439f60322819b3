import { ServiceError } from './service-error.ts';

/** Lets so many requests a second through, and answers more as Bedrock does, so that clients can be seen to wait. */
export function createThrottle(
  requestsPerSecond: number | undefined,
  nowMs: () => number,
): { admit(): void } {
  if (requestsPerSecond === undefined) return { admit: () => undefined };
  let left = requestsPerSecond;
  let atMs = nowMs();
  return {
    admit() {
      const now = nowMs();
      left = Math.min(requestsPerSecond, left + ((now - atMs) / 1000) * requestsPerSecond);
      atMs = now;
      if (left < 1)
        throw new ServiceError('ThrottlingException', 'Too many requests, please wait before trying again.');
      left -= 1;
    },
  };
}
