/**
 * A file of a governance repository with all its limits still on, and far above what a test or a benchmark uses: what is
 * measured is then the work that limits are, and not the waiting.
 */
export function raiseLimits(yaml: string): string {
  return yaml
    .replaceAll(/\b(requestsPerSecond|burst|concurrentRequests): [0-9]+/g, '$1: 1000000')
    .replaceAll(/\b(requestsPerMonth|tokensPerMinute): [0-9]+/g, '$1: 1000000000000')
    .replaceAll(/\b(usdPerDay|usdPerMonth): [0-9.]+/g, '$1: 1000000');
}
