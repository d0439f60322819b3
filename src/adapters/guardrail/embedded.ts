import {
  compileGuardrail,
  parseGuardrailConfig,
  type ApplyGuardrailResponse,
  type CompiledGuardrail,
} from '../../guardrail-engine/index.ts';
import type { Guardrail, GuardrailSource } from '../../ports/guardrail.ts';
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
    openStream: ({ source }) => openStream(compiled, source, record),
  };
}

function openStream(
  compiled: CompiledGuardrail,
  source: GuardrailSource,
  record: (source: GuardrailSource, response: ApplyGuardrailResponse) => RecordedGuard,
) {
  const stream = compiled.stream({ source });
  return {
    push: (text: string) => stream.push(text),
    end: () => {
      const { text, blocked, response } = stream.end();
      const message = blocked ? compiled.blockedMessaging[source] : undefined;
      return { text, blocked, message, recorded: record(source, response) };
    },
  };
}

/** Guardrail ids in Bedrock are lower-case letters and digits. */
function toGuardrailId(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, '');
}
