import { z } from 'zod';
import {
  compileGuardrail,
  RequestValidationError,
  type ApplyGuardrailResponse,
  type AssessRequest,
} from '../guardrail-engine/index.ts';
import { listAllVersions, type Compiler, type GuardrailVersion } from './guardrail.ts';
import { lookUpGuardrail, type ControlPlane } from './plane.ts';
import { identifierShape, readShape, versionShape, type WireRequest } from './request.ts';
import { invalid } from './service-error.ts';

const QUALIFIERS = ['grounding_source', 'query', 'guard_content'] as const;

const labelsShape = z.object({ guardrailIdentifier: identifierShape, guardrailVersion: versionShape });
const textBlock = z.strictObject({
  text: z.string(),
  qualifiers: z.array(z.enum(QUALIFIERS)).exactOptional(),
});
const imageBlock = z.strictObject({
  format: z.enum(['png', 'jpeg']),
  source: z.strictObject({ bytes: z.string().min(1) }),
});
const requestShape = z.strictObject({
  source: z.enum(['INPUT', 'OUTPUT']),
  content: z.array(z.strictObject({ text: textBlock.exactOptional(), image: imageBlock.exactOptional() })),
  outputScope: z.enum(['INTERVENTIONS', 'FULL']).exactOptional(),
});
type Content = z.infer<typeof requestShape>['content'];

/** What contextual grounding takes at most, in characters, as documented: 100, 1 and 5 text units. */
const MOST_GROUNDING = { source: 100_000, query: 1_000, response: 5_000 } as const;

/** Compiles a version when it is first applied; a version that never changes is compiled once. */
export function createCompiler(): Compiler {
  const compiled = new WeakMap<GuardrailVersion, ReturnType<Compiler>>();
  return (guardrail, version) => {
    const known = compiled.get(version);
    if (known !== undefined) return known;
    const identity = { id: guardrail.id, version: version.version, arn: guardrail.arn };
    const made = compileGuardrail(version.config, identity);
    compiled.set(version, made);
    return made;
  };
}

/** POST /guardrail/{guardrailIdentifier}/version/{guardrailVersion}/apply */
export function applyGuardrail(
  plane: Pick<ControlPlane, 'store' | 'place'> & { readonly compile: Compiler },
  { labels, body }: WireRequest,
): ApplyGuardrailResponse {
  const { guardrailIdentifier, guardrailVersion } = readShape(labelsShape, labels);
  const { source, content, outputScope } = readShape(requestShape, body);
  const guardrail = lookUpGuardrail(plane, guardrailIdentifier);
  const version = guardrail && listAllVersions(guardrail).find((one) => one.version === guardrailVersion);
  // At run time the service has one error for an unknown guardrail and for an unknown version, and no 404.
  if (!guardrail || !version)
    throw invalid('The guardrail identifier or version provided in the request does not exist.');
  if (version.failures.length > 0)
    throw invalid('The guardrail has the status FAILED and cannot be applied: GetGuardrail says why.');
  refuseUnreadable(content);
  if (version.config.contextualGroundingPolicyConfig !== undefined) refuseLongGrounding(content);
  try {
    return plane.compile(guardrail, version).assess({
      source,
      // An image stays one: the engine refuses what it cannot see.
      content: content as AssessRequest['content'],
      ...(outputScope && { outputScope }),
    });
  } catch (error) {
    if (error instanceof RequestValidationError) throw invalid(error.message);
    throw error;
  }
}

// Nothing to judge is no pass.
function refuseUnreadable(content: Content): void {
  if (content.length === 0) throw invalid('The content of the request is empty.');
  for (const { text, image } of content) {
    if ((text === undefined) === (image === undefined))
      throw invalid('A content block has exactly one of: text, image.');
    if (text?.text === '') throw invalid('The text of a content block is empty.');
  }
}

function refuseLongGrounding(content: Content): void {
  const isOf = (qualifier: (typeof QUALIFIERS)[number]) => (block: Content[number]) =>
    block.text?.qualifiers?.includes(qualifier) ?? false;
  const isResponse = ({ text }: Content[number]) =>
    text !== undefined && (text.qualifiers ?? ['guard_content']).includes('guard_content');
  const countOf = (isWanted: (block: Content[number]) => boolean) =>
    content.filter(isWanted).reduce((sum, { text }) => sum + (text?.text.length ?? 0), 0);
  const counts = {
    source: countOf(isOf('grounding_source')),
    query: countOf(isOf('query')),
    response: countOf(isResponse),
  };
  if (counts.source === 0 || counts.query === 0) return; // grounding is not judged then
  for (const part of ['source', 'query', 'response'] as const) {
    if (counts[part] <= MOST_GROUNDING[part]) continue;
    throw invalid(`The grounding ${part} is longer than ${MOST_GROUNDING[part]} characters.`);
  }
}
