import { assertLoopbackOnly } from '../adapters/loopback-issuer/assert-loopback.ts';
import type { Governance } from '../governance/governance.ts';

/** Environment variables that hold long-lived keys of model providers. */
const MODEL_KEYS = [
  'OPENAI_API_KEY',
  'ANTHROPIC_API_KEY',
  'AZURE_OPENAI_API_KEY',
  'GEMINI_API_KEY',
  'GOOGLE_API_KEY',
  'MISTRAL_API_KEY',
  'COHERE_API_KEY',
  'GROQ_API_KEY',
  'HF_TOKEN',
] as const;

export interface Surroundings {
  readonly host: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly warn: (message: string) => void;
}

/** Refuses to serve where a setting would be unsafe. Each error says what to change. */
export function assertServable(governance: Governance, surroundings: Surroundings): void {
  const { host, env } = surroundings;
  if (env['AWS_BEARER_TOKEN_BEDROCK'] !== undefined) {
    throw new Error(
      'AWS_BEARER_TOKEN_BEDROCK is set. The AWS SDK prefers that long-lived key to the role of the gateway, ' +
        'so every request would go past the role. Unset it.',
    );
  }
  if (governance.loopbackIssuer) assertLoopbackOnly(host);
  const standIn = [...governance.capabilities.values()].find(({ routes }) =>
    routes.some((route) => route.provider === 'stand-in'),
  );
  if (standIn !== undefined && !isLoopback(host)) {
    throw new Error(
      `Capability ${standIn.name} has a route to the stand-in, which is no language model, and the gateway would ` +
        `listen on ${host}. Give it a route to Bedrock or to an OpenAI-compatible server, or listen on 127.0.0.1.`,
    );
  }
  assertNoModelKeys(governance, surroundings);
  assertAlertsArrive(governance, surroundings);
}

function isLoopback(host: string): boolean {
  try {
    assertLoopbackOnly(host);
    return true;
  } catch {
    return false;
  }
}

/** An alert that has nowhere to go is found out when it is needed, which is too late. */
function assertAlertsArrive({ alerts, environment }: Governance, { env, warn }: Surroundings): void {
  for (const [name, destination] of alerts.destinations) {
    const variable = destination.type === 'pagerduty' ? destination.routingKeyEnv : destination.urlEnv;
    if (variable === undefined || env[variable]) continue;
    const message = `${variable} is not set, so no alert reaches ${name}. Set it, or remove the destination.`;
    if (environment === 'production') throw new Error(message);
    warn(`${message} In production the gateway would not start.`);
  }
}

/** A long-lived key is a credential that an application could copy: it is allowed only where a route names it. */
function assertNoModelKeys(governance: Governance, { env, warn }: Surroundings): void {
  const named = new Set([...governance.routes.values()].map((route) => route.apiKeyEnv));
  const found: string[] = MODEL_KEYS.filter((name) => env[name] !== undefined && !named.has(name));
  const usesBedrock = [...governance.routes.values()].some((route) => route.provider === 'bedrock');
  if (usesBedrock && env['AWS_ACCESS_KEY_ID']?.startsWith('AKIA') === true) found.push('AWS_ACCESS_KEY_ID');
  if (found.length === 0) return;
  const message =
    `${found.join(', ')} ${found.length === 1 ? 'holds' : 'hold'} a long-lived model key that no route names. ` +
    'Unset it, use a role, or name it as apiKeyEnv of the route that needs it.';
  if (governance.environment === 'production') throw new Error(message);
  warn(`${message} In production the gateway would not start.`);
}
