import {
  ApplyGuardrailCommand,
  type ApplyGuardrailCommandOutput,
  type BedrockRuntimeClient,
} from '@aws-sdk/client-bedrock-runtime';
import { nameOfError } from '../bedrock-runtime/error-name.ts';
import type { Guardrail, GuardrailSource, GuardrailStream, GuardrailVerdict } from '../../ports/guardrail.ts';
import type { GuardrailReference } from '../../road/governed.ts';
import type { RecordedGuard } from '../../road/record.ts';
import { classifyAction, summariseFindings } from './findings.ts';

/**
 * A guardrail in Amazon Bedrock, asked with ApplyGuardrail on both sides: Converse's own evaluation sees no
 * tool results, no tool arguments and no reasoning. Never run against real AWS by this project's tests,
 * which speak to a loopback server in the service's shapes.
 */
export function createBedrockGuardrail(
  reference: GuardrailReference,
  client: Pick<BedrockRuntimeClient, 'send'>,
  timeoutMs = TIMEOUT_MS,
): Guardrail {
  const { bedrock } = reference;
  if (bedrock === undefined) throw new Error(`guardrail ${reference.name} is not in Bedrock`);
  const assess: Guardrail['assess'] = async ({ source, texts, signal }) => {
    const judged = texts.filter((text) => text !== ''); // the service refuses an empty block
    if (judged.length === 0) return pass(reference, source, texts);
    const command = new ApplyGuardrailCommand({
      guardrailIdentifier: bedrock.identifier,
      guardrailVersion: bedrock.version,
      source,
      content: judged.map((text) => ({ text: { text } })),
    });
    const response = await sendInTime({ client, command, signal, timeoutMs });
    return toVerdict({ reference, source, texts, judged, response });
  };
  return { assess, openStream: ({ source, signal }) => bufferWhole(assess, source, signal) };
}

const TIMEOUT_MS = 10_000;

/** A guardrail that does not answer is one that cannot be asked. Throws an error that says nothing of the text. */
async function sendInTime(input: {
  readonly client: Pick<BedrockRuntimeClient, 'send'>;
  readonly command: ApplyGuardrailCommand;
  readonly signal: AbortSignal;
  readonly timeoutMs: number;
}): Promise<ApplyGuardrailCommandOutput> {
  const { client, command, signal, timeoutMs } = input;
  const controller = new AbortController();
  const abort = () => controller.abort();
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort, { once: true });
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    abort();
  }, timeoutMs);
  try {
    return await client.send(command, { abortSignal: controller.signal });
  } catch (cause) {
    throw new Error(isLate ? `no verdict within ${timeoutMs} ms` : nameOfError(cause), { cause });
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', abort);
  }
}

function toVerdict(input: {
  readonly reference: GuardrailReference;
  readonly source: GuardrailSource;
  readonly texts: readonly string[];
  readonly judged: readonly string[];
  readonly response: ApplyGuardrailCommandOutput;
}): GuardrailVerdict {
  const { reference, source, texts, response } = input;
  const action = classifyAction(response);
  const outputs = (response.outputs ?? []).map((output) => output.text ?? '');
  if (action === 'masked' && outputs.length !== input.judged.length) {
    throw new Error(`ApplyGuardrail masked ${outputs.length} of ${input.judged.length} blocks`);
  }
  let next = 0;
  return {
    action,
    texts: action === 'masked' ? texts.map((text) => (text === '' ? text : (outputs[next++] ?? ''))) : texts,
    message: action === 'blocked' ? outputs.join('\n') : undefined,
    recorded: {
      engine: 'bedrock',
      id: reference.bedrock?.identifier ?? reference.name,
      version: reference.bedrock?.version ?? reference.version,
      source,
      action,
      findings: summariseFindings(response.assessments ?? []),
      ...describeUnits(response.usage),
    },
  };
}

/** What the service metered, where it is anything. Words and regexes cost nothing. */
function describeUnits(usage: ApplyGuardrailCommandOutput['usage']): Pick<RecordedGuard, 'units'> {
  const metered = {
    contentFilter: usage?.contentPolicyUnits,
    deniedTopic: usage?.topicPolicyUnits,
    sensitiveInformation: usage?.sensitiveInformationPolicyUnits,
    contextualGrounding: usage?.contextualGroundingPolicyUnits,
    automatedReasoning: usage?.automatedReasoningPolicyUnits,
  };
  const units = Object.entries(metered).filter(([, count = 0]) => count > 0);
  return units.length === 0 ? {} : { units: Object.fromEntries(units) };
}

function pass(
  reference: GuardrailReference,
  source: GuardrailSource,
  texts: readonly string[],
): GuardrailVerdict {
  const { identifier = reference.name, version = reference.version } = reference.bedrock ?? {};
  const recorded = {
    engine: 'bedrock',
    id: identifier,
    version,
    source,
    action: 'none',
    findings: [],
  } as const;
  return { action: 'none', texts, message: undefined, recorded };
}

/**
 * Holds the whole answer until the service has judged it. Windows would let the first words out sooner, but
 * a match across two windows would then be judged by where the window fell, and not by the text.
 */
function bufferWhole(
  assess: Guardrail['assess'],
  source: GuardrailSource,
  signal: AbortSignal,
): GuardrailStream {
  const parts: string[] = [];
  return {
    push: (text) => {
      parts.push(text);
      return { text: '', blocked: false };
    },
    end: async () => {
      const verdict = await assess({ source, texts: [parts.join('')], signal });
      const blocked = verdict.action === 'blocked';
      return {
        text: blocked ? '' : (verdict.texts[0] ?? ''),
        blocked,
        message: verdict.message,
        recorded: verdict.recorded,
      };
    },
  };
}
