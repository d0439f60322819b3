import type { Governance } from './governance.ts';
import type { Part, Parts } from './parts.ts';
import type { ReadPolicy } from './policies.ts';
import { listUnpermitted } from './policy-references.ts';
import type { Problem } from './problem.ts';

/** What is safe to serve and probably not meant: it refuses, so nobody is harmed but those who wait for an answer. */
export function listWarnings(input: {
  readonly governance: Governance;
  readonly parts: Parts;
  readonly policies: readonly ReadPolicy[];
}): Problem[] {
  const { governance, parts, policies } = input;
  const { capabilities, tenants } = governance;
  const warn = (
    part: Part<unknown>,
    path: readonly PropertyKey[],
    words: { cause: string; fix: string },
  ) => ({
    file: part.parsed.file,
    ...part.parsed.locate(path),
    ...words,
  });
  const unpermitted = new Set(listUnpermitted(policies, capabilities.keys()));
  return parts.capabilities.flatMap((part) => {
    const warnings: Problem[] = [];
    if (unpermitted.has(part.name)) {
      warnings.push(
        warn(part, [], {
          cause: `no policy permits anybody to use ${part.name}`,
          fix: 'Add a permit to policies/, or remove the capability.',
        }),
      );
    }
    const routes = capabilities.get(part.name)?.routes ?? [];
    for (const tenant of tenants.values()) {
      const isServed =
        tenant.regions.length === 0 || routes.some((route) => tenant.regions.includes(route.region));
      if (isServed) continue;
      warnings.push(
        warn(part, ['routes'], {
          cause: `no route of ${part.name} is where text of tenant ${tenant.name} may go (${tenant.regions.join(', ')})`,
          fix: `Add a route there, if ${tenant.name} is to use it.`,
        }),
      );
    }
    return warnings;
  });
}
