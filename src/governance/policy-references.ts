import type { ReadPolicy } from './policies.ts';
import type { Problem } from './problem.ts';

/** What policies may speak of. */
export interface Nameable {
  readonly capabilities: ReadonlySet<string>;
  readonly tenants: ReadonlySet<string>;
}

interface EntityName {
  readonly type: string;
  readonly id: string;
}

/**
 * Holds every entity that a policy names against the repository: a forbid with a misspelt name is valid Cedar
 * and never applies.
 */
export function checkPolicyReferences(policies: readonly ReadPolicy[], known: Nameable): Problem[] {
  return policies.flatMap(({ file, line, column, text, json }) =>
    listEntities(json).flatMap((entity) => {
      const words = explainUnknown(entity, known);
      if (words === undefined) return [];
      return [{ file, ...locateName({ line, column, text, id: entity.id }), ...words }];
    }),
  );
}

/** Capabilities that no permit's scope admits: everybody would be denied, which may be meant. */
export function listUnpermitted(policies: readonly ReadPolicy[], capabilities: Iterable<string>): string[] {
  const scopes = policies
    .filter(({ json }) => json.effect === 'permit' && isAboutInvoke(json.action))
    .map(({ json }) => json.resource);
  const named = new Set(scopes.flatMap((scope) => listEntities(scope).map(({ id }) => id)));
  const isAnyPermitted = scopes.some((scope) => listEntities(scope).length === 0);
  return isAnyPermitted ? [] : [...capabilities].filter((name) => !named.has(name));
}

function isAboutInvoke(action: unknown): boolean {
  const named = listEntities(action);
  return named.length === 0 || named.some(({ id }) => id === 'invoke');
}

function explainUnknown(entity: EntityName, known: Nameable): { cause: string; fix: string } | undefined {
  const [tenant, member] = splitOnce(entity.id);
  switch (entity.type) {
    case 'Goldenpath::Capability':
      return known.capabilities.has(entity.id)
        ? undefined
        : {
            cause: `capability ${entity.id} does not exist, so this policy never applies to it`,
            fix: suggest(known.capabilities),
          };
    case 'Goldenpath::Tenant':
      return known.tenants.has(entity.id)
        ? undefined
        : {
            cause: `tenant ${entity.id} does not exist, so this policy never applies to it`,
            fix: suggest(known.tenants),
          };
    case 'Goldenpath::Group':
    case 'Goldenpath::User':
      return member !== undefined && known.tenants.has(tenant)
        ? undefined
        : {
            cause: `${JSON.stringify(entity.id)} is in no tenant, so this policy never applies to it`,
            fix: `Write it as TENANT/${entity.type === 'Goldenpath::Group' ? 'GROUP' : 'SUBJECT'}. ${suggest(known.tenants)}`,
          };
    default:
      return undefined;
  }
}

function splitOnce(id: string): [string, string | undefined] {
  const slash = id.indexOf('/');
  return slash === -1 ? [id, undefined] : [id.slice(0, slash), id.slice(slash + 1)];
}

function suggest(names: ReadonlySet<string>): string {
  return names.size === 0 ? 'There are none yet.' : `There are: ${[...names].join(', ')}.`;
}

/** Every `{ type, id }` in Cedar's JSON, whether it stands in a scope or in a condition. */
function listEntities(json: unknown): EntityName[] {
  if (typeof json !== 'object' || json === null) return [];
  if ('type' in json && 'id' in json && typeof json.type === 'string' && typeof json.id === 'string')
    return [{ type: json.type, id: json.id }];
  return Object.values(json).flatMap(listEntities);
}

function locateName(place: { line: number; column: number; text: string; id: string }) {
  const offset = place.text.indexOf(JSON.stringify(place.id));
  if (offset === -1) return { line: place.line, column: place.column };
  const before = place.text.slice(0, offset).split('\n');
  const column = (before.at(-1)?.length ?? 0) + 1;
  return {
    line: place.line + before.length - 1,
    column: before.length === 1 ? place.column + column - 1 : column,
  };
}
