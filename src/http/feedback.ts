import type { FastifyInstance } from 'fastify';
import { plain } from './dialects/plain.ts';
import type { Gateway } from './gateway.ts';
import { servePlain } from './plain-endpoint.ts';

export const FEEDBACK = { path: '/v1/feedback', refuser: plain('goldenpath.feedback') } as const;

/** What an answer was worth to who asked for it. */
export function addFeedback(server: FastifyInstance, gateway: Gateway): void {
  const { path, refuser } = FEEDBACK;
  server.post(path, (request, reply) =>
    servePlain({ gateway, refuser, request, reply }, (plainRequest) => gateway.giveFeedback(plainRequest)),
  );
}
