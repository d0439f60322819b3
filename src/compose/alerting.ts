import type { Logger } from 'pino';
import { AlertDelivery, type Delivered } from '../adapters/alerts/delivery.ts';
import { createPagerDuty } from '../adapters/alerts/pagerduty.ts';
import { createWebhook } from '../adapters/alerts/webhook.ts';
import { makeDedupKey, type WatchedRules } from '../adapters/telemetry/business-rules.ts';
import type { Governance } from '../governance/governance.ts';
import type { AlertChannel } from '../ports/alert-channel.ts';
import type { Clock } from '../ports/clock.ts';
import type { AlertDestination, RaisedAlert } from '../road/alert.ts';

/** Parts of which a fault refuses requests. */
const PARTS = { ledger: 'LedgerFault', evidence: 'EvidenceFault', switches: 'SwitchesFault' } as const;
export type AlertedPart = keyof typeof PARTS;

type Env = Readonly<Record<string, string | undefined>>;

/** A full disk takes a small write now and then: only what works for so long works again. */
const CALM_MS = 2000;

/** Tells people outside what the rules found, and that a part of the gateway is away. Holds up no request. */
export interface Alerting {
  /** Follows the rules and destinations of this governance from now on. */
  follow(governance: Governance): void;
  raise(raised: RaisedAlert): void;
  /** Hears why a part is away, and `undefined` when it is there again. The same is told once. */
  fault(part: AlertedPart, fault: string | undefined): void;
  stop(): Promise<void>;
}

/** Starts alerting. It has nobody to tell until it follows a governance. */
export function startAlerting(parts: {
  readonly env: Env;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Hands the rules to what looks at records. */
  readonly watch: (rules: WatchedRules) => void;
  readonly count: (rule: string, outcome: 'raised' | 'delivered' | 'lost') => void;
}): Alerting {
  const { env, clock, logger, watch, count } = parts;
  let governance: Governance | undefined;
  const away = new Set<AlertedPart>();
  const calming = new Map<AlertedPart, NodeJS.Timeout>();
  let channels = new Map<string, AlertChannel>();
  const conclude = ({ alert, destination, outcome, cause }: Delivered) => {
    count(alert.rule, outcome);
    if (outcome === 'lost') logger.error({ rule: alert.rule, destination, cause }, 'an alert was lost');
  };
  const delivery = new AlertDelivery({ random: () => clock.random(), onOutcome: conclude });
  const raise = ({ alert, to }: RaisedAlert) => {
    count(alert.rule, 'raised');
    for (const destination of to) {
      const channel = channels.get(destination);
      if (channel !== undefined) delivery.send(alert, destination, channel);
      else conclude({ alert, destination, outcome: 'lost', cause: 'it has no address or key' });
    }
  };
  const tell = (
    part: AlertedPart,
    { state, what }: { readonly state: 'triggered' | 'resolved'; readonly what: string },
  ) => {
    if (governance === undefined) return;
    const to = governance.alerts.faults;
    if (to.length === 0) return;
    const rule = PARTS[part];
    const dedupKey = makeDedupKey(governance.name, rule);
    const facts = { gateway: governance.name };
    const summary = `${rule}: ${what}`;
    raise({
      to,
      alert: { rule, state, severity: 'critical', summary, dedupKey, atMs: clock.nowMs(), facts },
    });
  };
  const tellEnd = (part: AlertedPart) => {
    calming.delete(part);
    away.delete(part);
    tell(part, { state: 'resolved', what: 'it works again' });
  };
  return {
    follow: (next) => {
      governance = next;
      channels = new Map(
        [...next.alerts.destinations].flatMap(([name, destination]) => {
          const channel = openChannel(destination, env);
          return channel === undefined ? [] : [[name, channel] as const];
        }),
      );
      watch({ gateway: next.name, rules: next.alerts.rules, budgets: next.alerts.budgets });
    },
    raise,
    fault: (part, fault) => {
      if (governance === undefined) return;
      clearTimeout(calming.get(part));
      calming.delete(part);
      if (fault === undefined) {
        if (away.has(part))
          calming.set(
            part,
            setTimeout(() => tellEnd(part), CALM_MS),
          );
      } else if (!away.has(part)) {
        away.add(part);
        tell(part, { state: 'triggered', what: 'requests are refused; /readyz says why' });
      }
    },
    stop: async () => {
      for (const [part, timer] of calming) {
        clearTimeout(timer);
        tellEnd(part);
      }
      await delivery.stop();
    },
  };
}

function openChannel(destination: AlertDestination, env: Env): AlertChannel | undefined {
  if (destination.type === 'pagerduty') {
    const routingKey = env[destination.routingKeyEnv];
    return routingKey ? createPagerDuty({ url: destination.url, routingKey }) : undefined;
  }
  const url = destination.url ?? env[destination.urlEnv ?? ''];
  return url ? createWebhook(url) : undefined;
}
