import type { AlertChannel } from '../../ports/alert-channel.ts';
import { postJson } from './post-json.ts';

/** A POST of the alert as it is, with a text that chat tools show. */
export function createWebhook(url: string): AlertChannel {
  return {
    deliver: ({ atMs, ...alert }, signal) =>
      postJson(url, { text: alert.summary, ...alert, at: new Date(atMs).toISOString() }, signal),
  };
}
