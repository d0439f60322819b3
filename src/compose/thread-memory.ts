import { setFlagsFromString } from 'node:v8';

const YOUNG_MB = 16;

/**
 * For threads that start from now on. The one that answers requests is given a large young generation on its command
 * line, in which a request lives and dies without being copied; those beside it need no such thing, and would inherit it.
 */
export function keepThreadsSmall(): void {
  setFlagsFromString('--min-semi-space-size=1');
  setFlagsFromString(`--max-semi-space-size=${YOUNG_MB}`);
}
