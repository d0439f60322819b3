/** Looks up what the log says of requests whose reservations have expired. Run as a worker thread by leftovers.ts. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { openAuditSearch } from '../adapters/audit-log/search.ts';

export interface LeftoverRequest {
  readonly stateDir: string;
  readonly requestIds: readonly string[];
}

/** `unknown`: no line of the log speaks of it, so no model was asked. */
export type LeftoverRecord =
  | { readonly state: 'unknown' }
  | { readonly state: 'open' }
  | {
      readonly state: 'closed';
      readonly costMicroUsd: number;
      readonly tokens: number;
      readonly route: string | undefined;
    };

function lookUp({ stateDir, requestIds }: LeftoverRequest): LeftoverRecord[] {
  const search = openAuditSearch({ stateDir });
  try {
    return requestIds.map((requestId): LeftoverRecord => {
      const found = search.find(requestId);
      if (found === undefined) return { state: 'unknown' };
      const { story, closed } = found;
      // A line that was changed says nothing that money could be given back for.
      if (story.kind === 'opened' || story.outcome === 'abandoned' || closed?.damage !== undefined)
        return { state: 'open' };
      const { inputTokens, outputTokens } = story.usage ?? { inputTokens: 0, outputTokens: 0 };
      return {
        state: 'closed',
        costMicroUsd: story.costMicroUsd ?? 0,
        tokens: inputTokens + outputTokens,
        route: story.route,
      };
    });
  } finally {
    search.close();
  }
}

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin, a window has
if (!isMainThread) parentPort?.postMessage(lookUp(workerData as LeftoverRequest)); // leftovers.ts sends it
