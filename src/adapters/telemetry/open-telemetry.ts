import {
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  ROOT_CONTEXT,
  trace,
  type Context,
  type Tracer,
} from '@opentelemetry/api';
import type { Telemetry } from '../../ports/telemetry.ts';
import type { ClosedRecord } from '../../road/record.ts';

/** With its retries; a gateway that stops waits as long for its last spans. */
const EXPORT_TIMEOUT_MS = 2_000;

/**
 * Spans with the GenAI semantic conventions, made from closed records, so that a request pays nothing for
 * them while it runs. The SDK is loaded only where an endpoint is set.
 */
export async function createOtelTelemetry(input: { readonly endpoint: string }): Promise<Telemetry> {
  const [{ NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({
    url: `${input.endpoint.replace(/\/$/, '')}/v1/traces`,
    timeoutMillis: EXPORT_TIMEOUT_MS,
  });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'goldenpath' }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('goldenpath');
  return {
    closed: (record) => writeSpans(tracer, record),
    // A collector that is away loses its spans, and keeps no gateway from stopping.
    stop: () => provider.shutdown().catch(() => undefined),
  };
}

function writeSpans(tracer: Tracer, record: ClosedRecord): void {
  const endedAtMs = record.startedAtMs + (record.tookUs ?? 0) / 1000;
  const capability = nameCapability(record);
  const root = tracer.startSpan(
    capability === undefined ? 'chat' : `chat ${capability}`,
    { kind: SpanKind.SERVER, startTime: record.startedAtMs, attributes: describeAttempt(record) },
    readParent(record.traceparent),
  );
  if (record.outcome === 'refused' || record.outcome === 'failed') {
    root.setStatus({ code: SpanStatusCode.ERROR, message: record.refusal?.code ?? record.outcome });
  }
  const context = trace.setSpan(ROOT_CONTEXT, root);
  let startedAtMs = record.startedAtMs;
  for (const [stage, us] of Object.entries(record.stages ?? {})) {
    const span = tracer.startSpan(`goldenpath.${stage}`, { startTime: startedAtMs }, context);
    startedAtMs += us / 1000;
    span.end(startedAtMs);
  }
  root.end(endedAtMs);
}

/** The conventions' own names for providers. */
const PROVIDER_NAMES: Readonly<Record<string, string>> = {
  bedrock: 'aws.bedrock',
  'openai-compatible': 'openai',
};

function describeAttempt(record: ClosedRecord): Record<string, string | number | string[]> {
  const { caller, usage, refusal } = record;
  return {
    'gen_ai.operation.name': 'chat',
    'gen_ai.provider.name': PROVIDER_NAMES[record.provider ?? ''] ?? 'goldenpath',
    'gen_ai.request.model': nameCapability(record) ?? '',
    ...(record.model === undefined ? {} : { 'gen_ai.response.model': record.model }),
    ...(record.finishReason === undefined ? {} : { 'gen_ai.response.finish_reasons': [record.finishReason] }),
    ...(usage === undefined
      ? {}
      : { 'gen_ai.usage.input_tokens': usage.inputTokens, 'gen_ai.usage.output_tokens': usage.outputTokens }),
    ...(caller === undefined ? {} : { 'goldenpath.tenant': caller.tenant, 'enduser.id': caller.subject }),
    ...(refusal === undefined ? {} : { 'error.type': refusal.code }),
    'goldenpath.request_id': record.requestId,
    'goldenpath.outcome': record.outcome,
    'goldenpath.route': record.route ?? '',
  };
}

/** A name that nobody approved is the client's own text, so it is on no span. */
function nameCapability(record: ClosedRecord): string | undefined {
  return record.feature === undefined ? undefined : record.capability;
}

function readParent(traceparent: string | undefined): Context {
  const [, traceId, spanId, flags] = traceparent?.split('-') ?? [];
  if (traceId === undefined || spanId === undefined) return ROOT_CONTEXT;
  // Other bits may be set beside it (W3C Trace Context level 2: the trace id is random).
  const isSampled = (Number.parseInt(flags ?? '00', 16) & TraceFlags.SAMPLED) !== 0;
  const traceFlags = isSampled ? TraceFlags.SAMPLED : TraceFlags.NONE;
  return trace.setSpanContext(ROOT_CONTEXT, { traceId, spanId, traceFlags, isRemote: true });
}
