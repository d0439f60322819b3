import type { SwitchedOff, Switches } from '../../ports/switches.ts';
import type { Conversation } from '../../road/conversation.ts';
import type { Route } from '../../road/governed.ts';
import { proveOpenPath, type Caller, type Grant, type OpenPath } from '../../road/proofs.ts';
import { isRefusal, refuse, RefusalError, type Refusal } from '../../road/refusal.ts';
import type { Asked } from '../../road/road.ts';
import {
  findCallerOff,
  findGrantOff,
  findSourcesOff,
  findToolsOff,
  findUserOff,
  leaveOutSources,
  refuseRoutes,
} from './switched-off.ts';

/** A question on its way to a model, and the route that it is on. */
interface Traveller {
  readonly asked: Asked;
  route: Route | undefined;
}

/**
 * Asks the switches for every request, and cuts those that are under way when something that they depend on is switched
 * off. What is off is unknown when it cannot be read: then nothing passes, and nothing travels on.
 */
export class SwitchBoard {
  readonly switches: Switches;
  /**
   * Not a Map: each time that one makes itself a new table, the old one keeps what it held, which is whole requests, from
   * the garbage collector's quick look.
   */
  readonly #travellers: (Traveller | undefined)[] = [];
  readonly #freeSeats: number[] = [];

  constructor(switches: Switches) {
    this.switches = switches;
    switches.watch(() => this.#cut());
  }

  /** Whether this caller may come at all. */
  checkCaller(caller: Caller): Refusal | undefined {
    const off = this.#read();
    return isRefusal(off) ? off : findCallerOff(off, caller);
  }

  /** Whether this user may turn switches. That everything is off, or their tenant, must not keep them from it. */
  checkOperator(caller: Caller): Refusal | undefined {
    const off = this.#read();
    return isRefusal(off) ? off : findUserOff(off, caller);
  }

  /** Proves that nothing that the request will need is off: capability, prompt, guardrail, tools, sources. */
  openPath(grant: Grant, { toolNames: tools }: Conversation): OpenPath | Refusal {
    const { context } = grant.capability;
    const off = this.#read();
    if (isRefusal(off)) return off;
    if (off.size === 0) return proveOpenPath({ grant, tools, passages: context });
    const passages = leaveOutSources(off, context);
    const refusal =
      findGrantOff(off, grant) ??
      findToolsOff(off, tools) ??
      (passages.length === 0 ? findSourcesOff(off, context) : undefined);
    return refusal ?? proveOpenPath({ grant, tools, passages });
  }

  /** Those of the routes that are on; a refusal where none is. */
  listOpen(routes: readonly Route[]): readonly Route[] | Refusal {
    const off = this.#read();
    if (isRefusal(off)) return off;
    if (off.size === 0) return routes;
    const open = routes.filter(({ name }) => !off.has('route', name));
    return open.length === 0 && routes.length > 0 ? refuseRoutes(routes) : open;
  }

  /** Cuts the question as soon as something on its path is off. Throws where it is already. Returns how to stop that. */
  follow(asked: Asked): () => void {
    const traveller: Traveller = { asked, route: undefined };
    const refusal = this.#judge(traveller);
    if (refusal !== undefined) throw new RefusalError(refusal);
    const seat = this.#freeSeats.pop() ?? this.#travellers.length;
    this.#travellers[seat] = traveller;
    return () => this.#leave(seat, traveller);
  }

  /** Whether a question may take a route now. */
  mayTake(asked: Asked, route: Route): boolean {
    const off = this.#read();
    if (isRefusal(off) || off.has('route', route.name)) return false;
    const traveller = this.#travellers.find((other) => other?.asked === asked);
    if (traveller !== undefined) traveller.route = route;
    return true;
  }

  /** Stops once, however often it is called: another may sit there by then. */
  #leave(seat: number, traveller: Traveller): void {
    if (this.#travellers[seat] !== traveller) return;
    this.#travellers[seat] = undefined;
    this.#freeSeats.push(seat);
  }

  #read(): SwitchedOff | Refusal {
    return this.switches.read() ?? refuse('switch.unavailable');
  }

  #cut(): void {
    for (const traveller of this.#travellers) {
      const refusal = traveller && this.#judge(traveller);
      if (refusal !== undefined) traveller?.asked.cut(new RefusalError(refusal));
    }
  }

  #judge({ asked: { path }, route }: Traveller): Refusal | undefined {
    const off = this.#read();
    if (isRefusal(off)) return off;
    if (off.size === 0) return undefined;
    const { grant, tools, passages } = path;
    return (
      findCallerOff(off, grant.caller) ??
      findGrantOff(off, grant) ??
      findToolsOff(off, tools) ??
      findSourcesOff(off, passages) ??
      (route !== undefined && off.has('route', route.name) ? refuseRoutes([route]) : undefined)
    );
  }
}
