import type { FastifyInstance } from 'fastify';
import { isRefusal } from '../road/refusal.ts';
import { plain } from './dialects/plain.ts';
import type { Gateway } from './gateway.ts';
import { servePlain } from './plain-endpoint.ts';

export const SWITCHES = { path: '/admin/switches', refuser: plain('goldenpath.admin') } as const;

/** The kill switches: GET lists what is off, POST turns one. Policy says who may turn which. */
export function addAdmin(server: FastifyInstance, gateway: Gateway): void {
  const { path, refuser } = SWITCHES;
  server.get(path, (request, reply) =>
    servePlain({ gateway, refuser, request, reply }, async (plainRequest) => {
      const off = await gateway.listSwitches(plainRequest);
      return isRefusal(off) ? off : { switches: off };
    }),
  );
  server.post(path, (request, reply) =>
    servePlain({ gateway, refuser, request, reply }, (plainRequest) => gateway.flipSwitch(plainRequest)),
  );
}
