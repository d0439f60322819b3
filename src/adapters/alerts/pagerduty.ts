import type { AlertChannel } from '../../ports/alert-channel.ts';
import { postJson } from './post-json.ts';

const MAX_SUMMARY = 1024;

/** PagerDuty's Events API v2: https://developer.pagerduty.com/docs/send-alert-event */
export function createPagerDuty(options: {
  readonly url: string;
  readonly routingKey: string;
}): AlertChannel {
  const { url, routingKey } = options;
  return {
    deliver: ({ rule, state, severity, summary, dedupKey, atMs, facts }, signal) => {
      const event = {
        routing_key: routingKey,
        event_action: state === 'triggered' ? 'trigger' : 'resolve',
        dedup_key: dedupKey,
        payload: {
          summary: summary.slice(0, MAX_SUMMARY),
          source: 'goldenpath',
          severity,
          timestamp: new Date(atMs).toISOString(),
          class: rule,
          custom_details: facts,
        },
      };
      return postJson(url, event, signal);
    },
  };
}
