import {
  compileGuardrail,
  parseGuardrailConfig,
  type ApplyGuardrailResponse,
  type CompiledGuardrail,
  type ContentBlock,
  type GuardStream,
} from '../../guardrail-engine/index.ts';
import type {
  FinalRelease,
  Guardrail,
  GuardrailSource,
  GuardrailStream,
  Released,
  TextOrigin,
} from '../../ports/guardrail.ts';
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
  const nothingFound = describeNothingFound(reference);
  const recordOf: RecordOf = (source, response) =>
    response === undefined
      ? nothingFound[source]
      : {
          ...nothingFound[source],
          action: classifyAction(response),
          findings: summariseFindings(response.assessments),
        };
  return {
    assess({ source, texts, origins }) {
      const content = texts.map((text, i) => toContent(text, origins?.[i]));
      const response = compiled.judge({ source, content });
      const recorded = recordOf(source, response);
      const { action } = recorded;
      return {
        action,
        texts: response && action === 'masked' ? response.outputs.map((output) => output.text) : texts,
        message: action === 'blocked' ? compiled.blockedMessaging[source] : undefined,
        recorded,
      };
    },
    openStream: ({ source }) => new EmbeddedStream(compiled, source, recordOf),
  };
}

function describeNothingFound({ name, version }: GuardrailReference): Record<GuardrailSource, RecordedGuard> {
  const describe = (source: GuardrailSource): RecordedGuard =>
    Object.freeze({ engine: 'embedded', id: name, version, source, action: 'none', findings: [] });
  return { INPUT: describe('INPUT'), OUTPUT: describe('OUTPUT') };
}

function toContent(text: string, origin: TextOrigin | undefined): ContentBlock {
  return origin === undefined ? { text: { text } } : { text: { text }, origin };
}

/** What goes on the record of a response, or of none where nothing was found. */
type RecordOf = (source: GuardrailSource, response: ApplyGuardrailResponse | undefined) => RecordedGuard;

class EmbeddedStream implements GuardrailStream {
  readonly #compiled: CompiledGuardrail;
  readonly #source: GuardrailSource;
  readonly #recordOf: RecordOf;
  // Made when it is needed: an answer that comes at once takes none.
  #opened: GuardStream | undefined;

  constructor(compiled: CompiledGuardrail, source: GuardrailSource, recordOf: RecordOf) {
    this.#compiled = compiled;
    this.#source = source;
    this.#recordOf = recordOf;
  }

  push(text: string): Released {
    return this.#open().push(text);
  }

  end(): FinalRelease {
    const { text, blocked, response } = this.#open().end();
    const message = blocked ? this.#compiled.blockedMessaging[this.#source] : undefined;
    return { text, blocked, message, recorded: this.#recordOf(this.#source, response) };
  }

  passWhole(text: string): FinalRelease | undefined {
    const response = this.#compiled.judge({ source: this.#source, content: [toContent(text, undefined)] });
    const recorded = this.#recordOf(this.#source, response);
    if (recorded.action === 'blocked') return undefined;
    const released = recorded.action === 'masked' ? (response?.outputs[0]?.text ?? '') : text;
    return { text: released, blocked: false, message: undefined, recorded };
  }

  #open(): GuardStream {
    return (this.#opened ??= this.#compiled.stream({ source: this.#source }));
  }
}

/** Guardrail ids in Bedrock are lower-case letters and digits. */
function toGuardrailId(name: string): string {
  return name.replaceAll(/[^a-z0-9]/g, '');
}
