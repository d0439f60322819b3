import type { GuardrailReference } from '../road/governed.ts';
import type { Part, Parts } from './parts.ts';
import type { Problem } from './problem.ts';

/** What is well-formed and still must not be served. Each rule names the harm it prevents. */
export function checkSafety(input: {
  readonly parts: Parts;
  readonly guardrails: ReadonlyMap<string, GuardrailReference>;
}): Problem[] {
  const { parts } = input;
  const problems = [...checkIssuers(parts), ...checkRoutes(parts)];
  for (const capability of parts.capabilities) {
    problems.push(...checkUnpublished(capability, parts));
    problems.push(...checkRegions(capability, input));
    problems.push(...checkDataClass(capability, parts));
  }
  return problems;
}

function at(
  part: Part<unknown>,
  path: readonly PropertyKey[],
  words: { cause: string; fix: string },
): Problem {
  return { file: part.parsed.file, ...part.parsed.locate(path), ...words };
}

function checkIssuers(parts: Parts): Problem[] {
  const root = parts.root;
  if (root === undefined) return [];
  const { issuers, loopbackIssuer, environment } = root.value;
  const problems: Problem[] = [];
  if (issuers.length === 0 && !loopbackIssuer) {
    problems.push(
      at(root, [], {
        cause: 'no issuer is accepted, so nobody could be identified',
        fix: 'List an issuer under issuers, or set loopbackIssuer: true for a laptop.',
      }),
    );
  }
  if (environment === 'production' && loopbackIssuer) {
    problems.push(
      at(root, ['loopbackIssuer'], {
        cause: 'the loopback issuer hands a token to anybody on the machine, and this is production',
        fix: 'Remove loopbackIssuer and list an OIDC issuer.',
      }),
    );
  }
  issuers.forEach((issuer, index) => {
    const url = new URL(issuer.issuer);
    if (environment === 'production' && url.protocol !== 'https:') {
      problems.push(
        at(root, ['issuers', index, 'issuer'], {
          cause: 'keys fetched without TLS can be replaced on their way',
          fix: 'Use the https issuer.',
        }),
      );
    }
    if (issuers.findIndex((other) => other.issuer === issuer.issuer) !== index) {
      problems.push(
        at(root, ['issuers', index], {
          cause: `issuer ${issuer.issuer} stands twice`,
          fix: 'Merge the two entries.',
        }),
      );
    }
  });
  return problems;
}

function checkRoutes(parts: Parts): Problem[] {
  const production = parts.root?.value.environment === 'production';
  return parts.routes.flatMap((route) => {
    const { provider, baseUrl, guardrail, apiKeyEnv } = route.value;
    const problems: Problem[] = [];
    if (provider === 'openai-compatible' && baseUrl === undefined) {
      problems.push(
        at(route, [], {
          cause: 'an openai-compatible route needs a baseUrl',
          fix: 'Add baseUrl, such as http://vllm:8000/v1.',
        }),
      );
    }
    if (provider !== 'openai-compatible' && (baseUrl ?? apiKeyEnv) !== undefined) {
      problems.push(
        at(route, [baseUrl === undefined ? 'apiKeyEnv' : 'baseUrl'], {
          cause: `a ${provider} route has no baseUrl and no apiKeyEnv: Bedrock uses the role of the gateway`,
          fix: 'Remove it.',
        }),
      );
    }
    if (production && provider === 'stand-in') {
      problems.push(
        at(route, ['provider'], {
          cause: 'the stand-in is no language model, and this is production',
          fix: 'Use provider bedrock or openai-compatible.',
        }),
      );
    }
    if (guardrail?.version === 'DRAFT' && production) {
      problems.push(at(route, ['guardrail', 'version'], DRAFT_IN_PRODUCTION));
    }
    return problems;
  });
}

const DRAFT_IN_PRODUCTION = {
  cause: 'a DRAFT guardrail can change under a record that says it was applied',
  fix: 'Pin a numeric version.',
};

type CapabilityPart = Parts['capabilities'][number];

function checkUnpublished(capability: CapabilityPart, parts: Parts): Problem[] {
  return (['prompt', 'guardrail'] as const)
    .filter((kind) => parts.lock[`${kind}s`][capability.value[kind]] === undefined)
    .map((kind) =>
      at(capability, [kind], {
        cause: `${kind} ${capability.value[kind]} is not published, so it could still change`,
        fix: 'Run `goldenpath publish DIR`, and commit versions.lock.json.',
      }),
    );
}

function checkRegions(
  capability: CapabilityPart,
  input: { parts: Parts; guardrails: ReadonlyMap<string, GuardrailReference> },
): Problem[] {
  const guardrail = input.guardrails.get(capability.value.guardrail);
  const production = input.parts.root?.value.environment === 'production';
  const problems: Problem[] = [];
  if (guardrail?.bedrock?.version === 'DRAFT' && production)
    problems.push(at(capability, ['guardrail'], DRAFT_IN_PRODUCTION));
  capability.value.routes.forEach((name, index) => {
    const route = input.parts.routes.find((part) => part.name === name)?.value;
    if (route === undefined) return;
    const place = ['routes', index];
    if (
      guardrail?.bedrock !== undefined &&
      route.provider === 'bedrock' &&
      route.region !== guardrail.bedrock.region
    ) {
      problems.push(
        at(capability, place, {
          cause: `route ${name} is in ${route.region}, and its guardrail is in ${guardrail.bedrock.region}`,
          fix: 'Use a guardrail and a route of one Region.',
        }),
      );
    }
    if (capability.value.regions.length > 0 && !capability.value.regions.includes(route.region)) {
      problems.push(
        at(capability, place, {
          cause: `route ${name} is in ${route.region}, where this capability's text may not go`,
          fix: `Remove the route, or add ${route.region} to regions.`,
        }),
      );
    }
  });
  return problems;
}

function checkDataClass(capability: CapabilityPart, parts: Parts): Problem[] {
  return capability.value.routes.flatMap((name, index) => {
    const route = parts.routes.find((part) => part.name === name)?.value;
    if (route === undefined || route.dataClasses.includes(capability.value.dataClass)) return [];
    return [
      at(capability, ['routes', index], {
        cause: `route ${name} may not carry ${capability.value.dataClass} data`,
        fix: `Use a route whose dataClasses hold ${capability.value.dataClass}.`,
      }),
    ];
  });
}
