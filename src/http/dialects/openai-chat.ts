import type { DeliverableEvent } from '../../road/proofs.ts';
import { describeRefusal, REFUSALS, type Refusal } from '../../road/refusal.ts';
import type { AnswerFrame, Dialect, WholeAnswer } from './dialect.ts';
import { readChatRequest } from './openai-chat-read.ts';
import { writeRateLimits } from './openai-rate-limits.ts';

/** POST /v1/chat/completions, streamed and not, as the official `openai` package speaks it. */
export const openAiChat: Dialect = {
  name: 'openai.chat_completions',
  streamContentType: 'text/event-stream; charset=utf-8',
  read: readChatRequest,
  writeWhole,
  writeStreamStart: (frame) => writeChunk(frame, '{"role":"assistant","content":""}', 'null'),
  writeEvent,
  writeStreamRefusal: (refusal, requestId) => `data: ${writeError(refusal, requestId)}\n\n`,
  writeRefusal: (refusal, requestId) => ({
    status: REFUSALS[refusal.code].status,
    headers: [
      ...(refusal.rateLimits === undefined ? [] : writeRateLimits(refusal.rateLimits)),
      // The official SDKs try every 429 again, unless they are told not to.
      ...(isSpent(refusal) ? ['x-should-retry', 'false'] : []),
    ],
    body: writeError(refusal, requestId),
  }),
  writeRateLimits,
};

/** What is used up until a day or a month is over: trying again soon does not help. */
function isSpent({ code }: Refusal): boolean {
  return code === 'admission.budget_exhausted' || code === 'admission.quota_exhausted';
}

function writeWhole(answer: WholeAnswer, frame: AnswerFrame): string {
  const { requestId, createdAtS, capability, answeredBy } = frame;
  const head = `"id":"chatcmpl-${requestId}","object":"chat.completion","created":${createdAtS}`;
  const choice = `{"index":0,"message":${writeMessage(answer)},"logprobs":null,"finish_reason":"${answer.reason}"}`;
  const usage = JSON.stringify(writeUsage(answer.usage));
  const model = JSON.stringify(capability);
  const fingerprint = JSON.stringify(answeredBy ?? null);
  return `{${head},"model":${model},"choices":[${choice}],"usage":${usage},"system_fingerprint":${fingerprint}}`;
}

function writeMessage({ text, toolCalls }: WholeAnswer): string {
  if (toolCalls.length === 0) return `{"role":"assistant","content":${JSON.stringify(text)},"refusal":null}`;
  return JSON.stringify({
    role: 'assistant',
    content: text === '' ? null : text,
    refusal: null,
    tool_calls: toolCalls.map((call) => ({
      id: call.id,
      type: 'function',
      function: { name: call.name, arguments: call.argumentsJson },
    })),
  });
}

function writeEvent(event: DeliverableEvent, frame: AnswerFrame): string {
  switch (event.type) {
    case 'text':
      return writeChunk(frame, `{"content":${JSON.stringify(event.text)}}`, 'null');
    case 'blocked':
      return writeChunk(frame, `{"content":${JSON.stringify(event.message)}}`, 'null');
    case 'tool_call': {
      const call = {
        index: event.index,
        id: event.id,
        type: 'function',
        function: { name: event.name, arguments: '' },
      };
      return writeChunk(frame, JSON.stringify({ tool_calls: [call] }), 'null');
    }
    case 'tool_arguments': {
      const call = { index: event.index, function: { arguments: event.json } };
      return writeChunk(frame, JSON.stringify({ tool_calls: [call] }), 'null');
    }
    case 'finish': {
      const last = writeChunk(frame, '{}', `"${event.reason}"`);
      const usage = frame.includeUsage
        ? `data: ${writeFrame(frame)},"choices":[],"usage":${JSON.stringify(writeUsage(event.usage))}}\n\n`
        : '';
      return `${last}${usage}data: [DONE]\n\n`;
    }
  }
}

function writeChunk(frame: AnswerFrame, delta: string, finishReason: string): string {
  const usage = frame.includeUsage ? ',"usage":null' : '';
  return `data: ${writeFrame(frame)},"choices":[{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${finishReason}}]${usage}}\n\n`;
}

const frames = new WeakMap<AnswerFrame, string>();

/** The head that every chunk of an answer repeats is written once. */
function writeFrame(frame: AnswerFrame): string {
  let head = frames.get(frame);
  if (head === undefined) {
    const { requestId, createdAtS, capability, answeredBy } = frame;
    head = JSON.stringify({
      id: `chatcmpl-${requestId}`,
      object: 'chat.completion.chunk',
      created: createdAtS,
      model: capability,
      system_fingerprint: answeredBy ?? null,
    }).slice(0, -1);
    frames.set(frame, head);
  }
  return head;
}

function writeUsage(usage: WholeAnswer['usage']) {
  const { inputTokens, outputTokens } = usage ?? { inputTokens: 0, outputTokens: 0 };
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
  };
}

function writeError(refusal: Refusal, requestId: string): string {
  return JSON.stringify({
    error: {
      message: describeRefusal(refusal),
      type: isSpent(refusal) ? 'insufficient_quota' : toErrorType(REFUSALS[refusal.code].status),
      param: null,
      code: refusal.code,
      request_id: requestId,
    },
  });
}

function toErrorType(status: number): string {
  if (status === 401) return 'authentication_error';
  if (status === 403) return 'permission_error';
  if (status === 404) return 'not_found_error';
  if (status === 429) return 'rate_limit_error';
  return status >= 500 ? 'server_error' : 'invalid_request_error';
}
