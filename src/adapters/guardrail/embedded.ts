import {
  compileGuardrail,
  parseGuardrailConfig,
  type ApplyGuardrailResponse,
  type CompiledGuardrail,
  type GuardStream,
} from '../../guardrail-engine/index.ts';
import type { FinalRelease, Guardrail, GuardrailSource } from '../../ports/guardrail.ts';
import type { Clock } from '../../ports/clock.ts';
import type { GuardrailReference } from '../../road/governed.ts';
import type { RecordedGuard } from '../../road/record.ts';
import { classifyAction, summariseFindings } from './findings.ts';

/** The embedded engine as a guardrail: Bedrock's own configuration, judged in this process. */
export function createEmbeddedGuardrail(reference: GuardrailReference, clock: Clock): Guardrail {
  const parsed = parseGuardrailConfig(reference.config);
  if (!parsed.ok)
    throw new Error(`guardrail ${reference.name}@${reference.version}: ${parsed.errors[0]?.message}`);
  const compiled = compileGuardrail(parsed.config, {
    id: toGuardrailId(reference.name),
    version: reference.version,
    nowMs: () => clock.nowMs(),
  });
  const record = (source: GuardrailSource, response: ApplyGuardrailResponse): RecordedGuard => ({
    engine: 'embedded',
    id: reference.name,
    version: reference.version,
    source,
    action: classifyAction(response),
    findings: summariseFindings(response.assessments),
  });
  const assessWhole = (source: GuardrailSource, text: string): FinalRelease | undefined => {
    const response = compiled.assess({ source, content: [{ text: { text } }] });
    const recorded = record(source, response);
    if (recorded.action === 'blocked') return undefined;
    const released = recorded.action === 'masked' ? (response.outputs[0]?.text ?? '') : text;
    return { text: released, blocked: false, message: undefined, recorded };
  };
  return {
    assess({ source, texts, origins }) {
      const content = texts.map((text, i) => {
        const origin = origins?.[i];
        return { text: { text }, ...(origin === undefined ? {} : { origin }) };
      });
      const response = compiled.assess({ source, content });
      const recorded = record(source, response);
      return {
        action: recorded.action,
        texts: recorded.action === 'masked' ? response.outputs.map((output) => output.text) : texts,
        message: recorded.action === 'blocked' ? compiled.blockedMessaging[source] : undefined,
        recorded,
      };
    },
    openStream: ({ source }) => ({
      ...openStream(compiled, source, record),
      passWhole: (text) => assessWhole(source, text),
    }),
  };
}

function openStream(
  compiled: CompiledGuardrail,
  source: GuardrailSource,
  record: (source: GuardrailSource, response: ApplyGuardrailResponse) => RecordedGuard,
) {
  // Made when it is needed: an answer that comes at once takes none.
  let opened: GuardStream | undefined;
  const open = () => (opened ??= compiled.stream({ source }));
  return {
    push: (text: string) => open().push(text),
    end: () => {
      const { text, blocked, response } = open().end();
      const message = blocked ? compiled.blockedMessaging[source] : undefined;
      return { text, blocked, message, recorded: record(source, response) };
    },
  };
}

/** Guardrail ids in Bedrock are lower-case letters and digits. */
function toGuardrailId(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, '');
}
