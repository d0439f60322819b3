import { isIP } from 'node:net';
import type { z } from 'zod';
import { createPatternSet } from '../guardrail-engine/index.ts';
import type { EdgeRules } from '../road/edge-rules.ts';
import type { Part } from './parts.ts';
import type { Problem } from './problem.ts';
import type { rootSchema } from './schemas.ts';

type Root = Part<z.infer<typeof rootSchema>>;

export function toEdgeRules({ edge }: Root['value']): EdgeRules {
  const { perAddress, trustedProxies, proxyHops, origins, credentials, attackPatterns } = edge;
  return {
    perAddress: { requests: perAddress.requests, windowMs: perAddress.windowSeconds * 1000 },
    proxies: proxyHops > 0 ? { hops: proxyHops } : { networks: trustedProxies },
    crossOrigin: { origins, credentials },
    attackPatterns: attackPatterns.map(({ name, pattern, action, message }) => ({
      name,
      pattern,
      action,
      message,
    })),
  };
}

/** What of the edge is well-formed, and would let in whom it should not, or do nothing. */
export function checkEdge(root: Root | undefined): Problem[] {
  if (root === undefined) return [];
  return [...checkProxies(root), ...checkOrigins(root), ...checkPatterns(root)];
}

function at(root: Root, path: readonly PropertyKey[], words: { cause: string; fix: string }): Problem {
  return { file: root.parsed.file, ...root.parsed.locate(['edge', ...path]), ...words };
}

function checkProxies(root: Root): Problem[] {
  const { trustedProxies, proxyHops } = root.value.edge;
  const problems = trustedProxies.flatMap((network, index) => {
    const [address = '', length] = network.split('/');
    const longest = isIP(address) === 6 ? 128 : 32;
    if (isIP(address) === 0 || Number(length ?? longest) > longest) {
      const cause = `${network} is no address and no network`;
      return [at(root, ['trustedProxies', index], { cause, fix: 'Write it like 10.0.0.0/8.' })];
    }
    if (length !== undefined && Number(length) === 0) {
      const cause = `${network} is everybody, so every client could say that it is another`;
      return [at(root, ['trustedProxies', index], { cause, fix: 'Name the network of your proxies.' })];
    }
    return [];
  });
  if (proxyHops > 0 && trustedProxies.length > 0) {
    const cause = 'proxies are trusted by their networks and by their number, and only one can decide';
    problems.push(at(root, ['proxyHops'], { cause, fix: 'Remove one of the two.' }));
  }
  return problems;
}

function checkOrigins(root: Root): Problem[] {
  const { origins, credentials } = root.value.edge;
  if (origins.includes('*')) {
    const words = credentials
      ? {
          cause: 'with credentials, every web page could act in the name of its visitors',
          fix: 'List the origins, or remove credentials.',
        }
      : { cause: '* allows every origin already', fix: 'Remove the others.' };
    return credentials || origins.length > 1 ? [at(root, ['origins'], words)] : [];
  }
  return origins.flatMap((origin, index) => {
    const sent = /^https?:/.test(origin) && URL.canParse(origin) ? new URL(origin).origin : origin;
    if (sent === origin) return [];
    const cause = `browsers write ${origin} as ${sent}, so it would never be allowed`;
    return [at(root, ['origins', index], { cause, fix: `Write ${sent}.` })];
  });
}

function checkPatterns(root: Root): Problem[] {
  const { attackPatterns } = root.value.edge;
  return attackPatterns.flatMap(({ name, pattern }, index) => {
    if (attackPatterns.findIndex((other) => other.name === name) !== index) {
      const cause = `a pattern with the name ${name} stands twice`;
      return [at(root, ['attackPatterns', index, 'name'], { cause, fix: 'Give each a name of its own.' })];
    }
    try {
      createPatternSet([pattern]);
      return [];
    } catch (error) {
      const cause = `${name}: ${error instanceof Error ? error.message : 'the pattern cannot be read'}`;
      const fix = 'Write it without what cannot be looked for in linear time.';
      return [at(root, ['attackPatterns', index, 'pattern'], { cause, fix })];
    }
  });
}
