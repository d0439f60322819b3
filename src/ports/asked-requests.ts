import type { AskedRequest } from '../road/act.ts';

/** Finds requests that were made before, in whichever process, without holding up those that are under way. */
export interface AskedRequests {
  /**
   * The request of this id, whoever made it; undefined where there is none, or none of somebody who proved who they
   * are. Rejects when that cannot be known in time.
   */
  find(requestId: string): Promise<AskedRequest | undefined>;
  stop(): Promise<void>;
}
