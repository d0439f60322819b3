import type { Dialect } from './dialect.ts';
import { openAiChat } from './openai-chat.ts';

/** All that a refusal needs of a dialect. */
export type Refuser = Pick<Dialect, 'name' | 'writeRefusal'>;

/** A refuser for what speaks no dialect: in OpenAI's shape, which most clients read. */
export const plain = (name: string): Refuser => ({
  name,
  writeRefusal: (refusal, requestId) => openAiChat.writeRefusal(refusal, requestId),
});

/** For what came no further than HTTP. */
export const PLAIN_HTTP: Refuser = plain('http');
