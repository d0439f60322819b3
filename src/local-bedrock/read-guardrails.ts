import { z } from 'zod';
import { describeGuardrail, summariseGuardrail } from './describe.ts';
import { listAllVersions, type GuardrailVersion, type StoredGuardrail } from './guardrail.ts';
import { cutPage } from './pages.ts';
import { findGuardrail, findVersion, type ControlPlane } from './plane.ts';
import { identifierShape, readShape, versionShape, type WireRequest } from './request.ts';

/** GET /guardrails/{guardrailIdentifier} */
export function getGuardrail(plane: ControlPlane, { labels, query }: WireRequest) {
  const guardrail = findGuardrail(plane, labels['guardrailIdentifier']);
  const { guardrailVersion = 'DRAFT' } = readShape(
    z.object({ guardrailVersion: versionShape.exactOptional() }),
    query,
  );
  return describeGuardrail(guardrail, findVersion(guardrail, guardrailVersion), plane.place);
}

const MOST_PER_PAGE = 1000;

const listRequest = z.object({
  guardrailIdentifier: identifierShape.exactOptional(),
  maxResults: z.coerce.number().int().min(1).max(MOST_PER_PAGE).exactOptional(),
  nextToken: z.string().min(1).max(2048).exactOptional(),
});

/** GET /guardrails: the draft of each guardrail or, of one that is named, its draft and versions. */
export function listGuardrails(plane: ControlPlane, { query }: WireRequest) {
  const { guardrailIdentifier, maxResults = MOST_PER_PAGE, nextToken } = readShape(listRequest, query);
  const entries = listEntries(plane, guardrailIdentifier);
  const page = cutPage(entries, {
    list: guardrailIdentifier ?? '',
    keyOf: ({ key }) => key,
    maxResults,
    nextToken,
  });
  return {
    guardrails: page.items.map(({ guardrail, version }) =>
      summariseGuardrail(guardrail, version, plane.place),
    ),
    ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
  };
}

interface Entry {
  readonly key: string;
  readonly guardrail: StoredGuardrail;
  readonly version: GuardrailVersion;
}

// In the order of their keys, which no later change moves.
function listEntries(plane: ControlPlane, identifier: string | undefined): Entry[] {
  if (identifier === undefined) {
    return plane.store
      .list()
      .map((guardrail) => {
        const { createdAt } = guardrail.draft;
        return { key: `${createdAt}/${guardrail.id}`, guardrail, version: guardrail.draft };
      })
      .toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }
  const guardrail = findGuardrail(plane, identifier);
  return listAllVersions(guardrail).map((version, index) => {
    const number = index === 0 ? 0 : Number(version.version);
    return { key: String(number).padStart(8, '0'), guardrail, version };
  });
}
