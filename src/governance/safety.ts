import type { GuardrailReference } from '../road/governed.ts';
import type { Part, Parts } from './parts.ts';
import type { Problem } from './problem.ts';

/** Hashes of the versions that stand in the files and are right, by NAME@VERSION. */
export interface Hashes {
  readonly prompts: Readonly<Record<string, string>>;
  readonly guardrails: Readonly<Record<string, string>>;
  readonly prices: Readonly<Record<string, string>>;
}

/** What is well-formed and still must not be served. Each rule names the harm it prevents. */
export function checkSafety(input: {
  readonly parts: Parts;
  readonly guardrails: ReadonlyMap<string, GuardrailReference>;
  readonly tenants: ReadonlySet<string>;
  readonly hashes: Hashes;
}): Problem[] {
  const { parts } = input;
  const problems = [
    ...checkIssuers(parts),
    ...checkIssuerTenants(parts, input.tenants),
    ...checkRoutes(parts),
  ];
  for (const capability of parts.capabilities) {
    problems.push(...checkUnpublished(capability, input));
    problems.push(...checkRegions(capability, input));
    problems.push(...checkDataClass(capability, parts));
    problems.push(...checkCheaperRoute(capability));
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
    if (environment === 'production' && issuer.jwksUri?.startsWith('https:') === false) {
      problems.push(
        at(root, ['issuers', index, 'jwksUri'], {
          cause: 'keys fetched without TLS can be replaced on their way',
          fix: 'Use an https jwksUri.',
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

/** A token of a tenant that is not here identifies nobody, which its issuer would not be told. */
function checkIssuerTenants(parts: Parts, tenants: ReadonlySet<string>): Problem[] {
  const root = parts.root;
  if (root === undefined) return [];
  if (tenants.size === 0) {
    return [
      at(root, [], {
        cause: 'there is no tenant, so nobody could be identified',
        fix: 'Add tenants/NAME.yaml.',
      }),
    ];
  }
  const unknown = (name: string, path: readonly PropertyKey[]) =>
    tenants.has(name)
      ? []
      : [
          at(root, path, {
            cause: `tenant ${name} does not exist`,
            fix: `Add tenants/${name}.yaml, or use one of: ${[...tenants].join(', ')}.`,
          }),
        ];
  return root.value.issuers.flatMap((issuer, index) => [
    ...(issuer.tenant === undefined ? [] : unknown(issuer.tenant, ['issuers', index, 'tenant'])),
    ...(issuer.tenants ?? []).flatMap((name, at) => unknown(name, ['issuers', index, 'tenants', at])),
  ]);
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
    if (provider === 'bedrock' && !AWS_REGION.test(route.value.region)) {
      problems.push(
        at(route, ['region'], {
          cause: `${route.value.region} is not an AWS Region, and this route goes to Amazon Bedrock`,
          fix: 'Name the Region of the endpoint, such as eu-central-1.',
        }),
      );
    }
    if (provider !== 'bedrock' && guardrail !== undefined) {
      problems.push(
        at(route, ['guardrail'], {
          cause: `a ${provider} route cannot apply a guardrail of Amazon Bedrock`,
          fix: "Remove it: the capability's own guardrail judges every route.",
        }),
      );
    }
    if (guardrail?.version === 'DRAFT' && production) {
      problems.push(at(route, ['guardrail', 'version'], DRAFT_IN_PRODUCTION));
    }
    return problems;
  });
}

const AWS_REGION = /^[a-z]{2}(-[a-z]+)+-[1-9]$/;

const DRAFT_IN_PRODUCTION = {
  cause: 'a DRAFT guardrail can change under a record that says it was applied',
  fix: 'Pin a numeric version.',
};

type CapabilityPart = Parts['capabilities'][number];

function checkUnpublished(
  capability: CapabilityPart,
  { parts: { lock }, hashes }: { readonly parts: Parts; readonly hashes: Hashes },
): Problem[] {
  if (lock === undefined) return [];
  return (['prompt', 'guardrail'] as const)
    .filter((kind) => {
      const id = capability.value[kind];
      // What does not exist, or has problems, is reported as that.
      return lock[`${kind}s`][id] === undefined && hashes[`${kind}s`][id] !== undefined;
    })
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
    } else if (capability.value.regions.length > 0 && isGlobalProfile(route)) {
      problems.push(
        at(capability, place, {
          cause: `route ${name} uses the inference profile ${route.model}, which takes text to any Region of the world`,
          fix: 'Use a model or an inference profile of the regions that this capability allows.',
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

function checkCheaperRoute(capability: CapabilityPart): Problem[] {
  const { onBudget, routes } = capability.value;
  if (onBudget === 'refuse' || routes.length > 1) return [];
  return [
    at(capability, ['onBudget'], {
      cause: 'there is one route, so there is no cheaper one to take',
      fix: 'Add a route, or remove onBudget.',
    }),
  ];
}

/** Amazon Bedrock's global inference profiles choose the Region themselves, whatever the endpoint's is. */
function isGlobalProfile(route: { readonly provider: string; readonly model: string }): boolean {
  return route.provider === 'bedrock' && /(^|\/)global\./.test(route.model);
}
