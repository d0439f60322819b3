import type { ModelProvider, ModelRequest } from '../../ports/model.ts';
import type { AnswerEvent, Message, Usage } from '../../road/conversation.ts';

const PASSAGE = /<passage id="([^"]+)">\n([\s\S]*?)\n<\/passage>/g;
const MAX_SENTENCES = 2;
const NOT_FOUND = 'I found nothing about that in the documents that I was given.';

/**
 * No language model: answers by citing the sentences of the given context that share most words with the
 * question. It exists so that the whole road can be travelled on a laptop, and says what it is in the model's name.
 */
export function createStandIn(): ModelProvider {
  return {
    async *infer(request): AsyncGenerator<readonly AnswerEvent[]> {
      const answer = answerFromContext(request.prompt.messages);
      yield* speak(answer, request);
      const usage: Usage = {
        inputTokens: Math.ceil(measure(request) / 4),
        outputTokens: Math.ceil(answer.length / 4),
        source: 'provider',
      };
      yield [{ type: 'finish', reason: 'stop', usage }];
    },
    close: async () => undefined,
  };
}

function* speak(answer: string, request: ModelRequest): Generator<readonly AnswerEvent[]> {
  if (request.delivery === 'whole') {
    yield [{ type: 'text', text: answer }];
    return;
  }
  for (const word of answer.match(/\S+\s*/g) ?? []) yield [{ type: 'text', text: word }];
}

/** Sentences that share words with the last user message, best first, each with the passage it comes from. */
export function answerFromContext(messages: readonly Message[]): string {
  const last = messages.findLast((message) => message.role === 'user');
  const texts = (last?.blocks ?? []).flatMap((block) => (block.type === 'text' ? [block.text] : []));
  const all = texts.join('\n');
  const question = all.replaceAll(PASSAGE, ' ');
  const asked = new Set(toWords(question));
  const candidates: { sentence: string; id: string; score: number; order: number }[] = [];
  for (const [, id = '', body = ''] of all.matchAll(PASSAGE)) {
    for (const sentence of toSentences(body)) {
      const words = new Set(toWords(sentence));
      const shared = [...words].filter((word) => asked.has(word)).length;
      if (shared > 0)
        candidates.push({ sentence, id, score: shared / Math.sqrt(words.size), order: candidates.length });
    }
  }
  const echo = [...question.matchAll(/\[[A-Z_]+_[0-9]+\]/g)].map(([placeholder]) => placeholder);
  const greeting = echo.length === 0 ? '' : `You mentioned ${[...new Set(echo)].join(', ')}. `;
  if (candidates.length === 0) return greeting + NOT_FOUND;
  const best = candidates
    .toSorted((a, b) => b.score - a.score || a.order - b.order)
    .slice(0, MAX_SENTENCES)
    .toSorted((a, b) => a.order - b.order);
  return greeting + best.map(({ sentence, id }) => `${sentence} [${id}]`).join(' ');
}

function toSentences(text: string): string[] {
  return text
    .split(/(?<=[.!?])\s+|\n+/)
    .map((sentence) => sentence.replace(/^#+\s*/, '').trim())
    .filter((sentence) => sentence.length > 20);
}

const STOP_WORDS = new Set(
  'a an and are can do does for from how i in is it my of on or our the to we what when which who with you your'.split(
    ' ',
  ),
);

function toWords(text: string): string[] {
  return (text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [])
    .filter((word) => !STOP_WORDS.has(word))
    .map((word) => (word.length > 3 ? word.replace(/(ing|ed|es|s)$/, '') : word));
}

function measure(request: ModelRequest): number {
  let characters = request.prompt.system.length;
  for (const message of request.prompt.messages) {
    for (const block of message.blocks)
      characters += block.type === 'tool_call' ? block.argumentsJson.length : block.text.length;
  }
  return characters;
}
