import { randomUUID } from 'node:crypto';
import { compileGovernance } from '../governance/compile.ts';
import type { Governance } from '../governance/governance.ts';
import { formatProblem, type Problem } from '../governance/problem.ts';
import type { Gateway, PlainRequest } from '../http/gateway.ts';
import type { TokenVerifier } from '../ports/identity.ts';
import { Attempt } from '../road/attempt.ts';
import type { Capability } from '../road/governed.ts';
import { receive } from '../road/receive.ts';
import { isRefusal, type Refusal } from '../road/refusal.ts';
import type { Flip } from '../road/switching.ts';
import { giveFeedback } from './feedback-desk.ts';
import { flipForOperator, listForOperator } from './switch-desk.ts';
import { buildWorld, type Engines, type World } from './world.ts';

export class GovernanceError extends Error {
  override readonly name = 'GovernanceError';
  readonly problems: readonly Problem[];
  constructor(directory: string, problems: readonly Problem[]) {
    super(
      `the governance repository ${directory} has ${problems.length} problem(s):\n\n${problems.map(formatProblem).join('\n')}`,
    );
    this.problems = problems;
  }
}

const MAX_REASONS = 5;

function explainLedger(fault: string | undefined): string | undefined {
  return fault && `the ledger cannot be written: ${fault}`;
}

/** The gateway behind the HTTP surface: serves one version of the governance repository, and swaps it whole. */
export class GovernedGateway implements Gateway {
  readonly #directory: string;
  readonly #engines: Engines;
  readonly #verify: (governance: Governance) => TokenVerifier;
  readonly #assertServable: GatewayParts['assertServable'];
  readonly #metrics: Gateway['metrics'];
  readonly #onGovernance: GatewayParts['onGovernance'];
  readonly #monotonicUs = () => this.#engines.clock.monotonicUs();
  #world: World;
  #reloadProblems: readonly string[] = [];
  #reloading: Promise<unknown> = Promise.resolve();
  #stopping = false;

  private constructor(parts: GatewayParts, world: World) {
    this.#directory = parts.directory;
    this.#engines = parts.engines;
    this.#verify = parts.createVerifier;
    this.#assertServable = parts.assertServable;
    this.#metrics = parts.metrics;
    this.#onGovernance = parts.onGovernance;
    this.#world = world;
  }

  /** Compiles the repository; throws a GovernanceError when it must not be served. */
  static async open(parts: GatewayParts): Promise<GovernedGateway> {
    const { governance, problems } = await compileGovernance(parts.directory);
    if (governance === undefined) throw new GovernanceError(parts.directory, problems);
    parts.assertServable(governance);
    const world = buildWorld({
      governance,
      verifier: parts.createVerifier(governance),
      engines: parts.engines,
    });
    parts.onGovernance(governance);
    return new GovernedGateway(parts, world);
  }

  get governance(): Governance {
    return this.#world.governance;
  }

  begin({ dialect, traceparent }: Parameters<Gateway['begin']>[0]): ReturnType<Gateway['begin']> {
    const { clock } = this.#engines;
    const world = this.#world;
    const attempt = new Attempt({
      requestId: randomUUID(),
      startedAtMs: clock.nowMs(),
      monotonicUs: this.#monotonicUs,
      dialect,
      governanceVersion: world.governance.version,
      traceparent,
    });
    return { stages: world.stages, attempt };
  }

  async listCapabilities({ attempt, arrival }: PlainRequest): Promise<readonly Capability[] | Refusal> {
    const { stages, governance } = this.#world;
    const received = await receive(stages, attempt, arrival);
    if (isRefusal(received)) return received;
    const { caller } = received;
    const callerOff = stages.checkCaller(caller);
    if (callerOff !== undefined) return callerOff;
    return [...governance.capabilities.values()].filter(
      ({ name }) => !isRefusal(stages.authorise(caller, name)),
    );
  }

  async listSwitches({ attempt, arrival }: PlainRequest): Promise<readonly Flip[] | Refusal> {
    const { stages, policies } = this.#world;
    const received = await receive(stages, attempt, arrival);
    if (isRefusal(received)) return received;
    return listForOperator(received.caller, { ...this.#engines, policies });
  }

  async flipSwitch({ attempt, arrival }: PlainRequest): Promise<object | Refusal> {
    const { stages, policies } = this.#world;
    const received = await receive(stages, attempt, arrival);
    if (isRefusal(received)) return received;
    return flipForOperator(received.caller, received.text, { ...this.#engines, policies });
  }

  async giveFeedback({ attempt, arrival }: PlainRequest): Promise<object | Refusal> {
    const { stages, policies, governance } = this.#world;
    const received = await receive(stages, attempt, arrival);
    if (isRefusal(received)) return received;
    const { capabilities } = governance;
    return giveFeedback(received.caller, received.text, { ...this.#engines, policies, capabilities });
  }

  crossOrigin(): ReturnType<Gateway['crossOrigin']> {
    return this.#world.governance.edge.crossOrigin;
  }

  readiness(): ReturnType<Gateway['readiness']> {
    const { name, version } = this.#world.governance;
    const { evidence, ledger, board } = this.#engines;
    const faults = [evidence.fault(), explainLedger(ledger.fault()), board.switches.fault()].filter(
      (fault) => fault !== undefined,
    );
    const stopping = this.#stopping ? ['the gateway is stopping'] : [];
    return {
      ready: faults.length === 0 && !this.#stopping,
      governance: { name, version },
      reasons: [...faults, ...stopping, ...this.#reloadProblems],
    };
  }

  metrics(): ReturnType<Gateway['metrics']> {
    return this.#metrics();
  }

  /** From now on `/readyz` says no, so that balancers look elsewhere while requests end. */
  drain(): void {
    this.#stopping = true;
  }

  /**
   * Compiles the repository anew and swaps it in whole. Requests under way end with the version that they
   * began with. A broken repository never replaces a good one, nor does one whose reload cannot be recorded:
   * the old one serves on, and `/readyz` says why. Never rejects.
   */
  reload(cause: string): Promise<ReloadOutcome> {
    // One after the other: else a slow reload of older files could end after, and replace, that of newer ones.
    const next = this.#reloading.then(() => this.#reloadOnce(cause));
    this.#reloading = next;
    return next;
  }

  async #reloadOnce(cause: string): Promise<ReloadOutcome> {
    try {
      const world = await this.#compileNext();
      if (world === undefined) return 'unchanged';
      await this.#note('governance.reload', { cause, version: world.governance.version });
      this.#world = world;
      this.#onGovernance(world.governance);
      return 'swapped';
    } catch (error) {
      this.#reloadProblems =
        error instanceof GovernanceError
          ? [
              `the changed governance repository is not served, it has ${error.problems.length} problem(s)`,
              ...error.problems.slice(0, MAX_REASONS).map(formatProblem),
            ]
          : [
              `the governance repository could not be reloaded: ${error instanceof Error ? error.message : 'unknown'}`,
            ];
      const { version } = this.#world.governance;
      // The audit log says on `/readyz` itself when it cannot be written.
      await this.#note('governance.reload_refused', { cause, version }).catch(() => undefined);
      return 'refused';
    }
  }

  /** The next version, ready to serve; undefined when nothing changed. Throws when it must not be served. */
  async #compileNext(): Promise<World | undefined> {
    const { governance, problems } = await compileGovernance(this.#directory);
    if (governance === undefined) throw new GovernanceError(this.#directory, problems);
    this.#assertServable(governance);
    this.#reloadProblems = [];
    if (governance.version === this.#world.governance.version) return undefined;
    return buildWorld({ governance, verifier: this.#verify(governance), engines: this.#engines });
  }

  #note(
    action: 'governance.reload' | 'governance.reload_refused',
    { cause, version }: { readonly cause: string; readonly version: string },
  ): Promise<void> {
    const { clock, evidence } = this.#engines;
    return evidence.note({
      kind: 'admin',
      atMs: clock.nowMs(),
      action,
      actor: 'gateway',
      reason: cause,
      governanceVersion: version,
    });
  }
}

export type ReloadOutcome = 'swapped' | 'unchanged' | 'refused';

export interface GatewayParts {
  readonly directory: string;
  readonly engines: Engines;
  readonly createVerifier: (governance: Governance) => TokenVerifier;
  /** Throws when this governance must not be served where and how the gateway runs. */
  readonly assertServable: (governance: Governance) => void;
  readonly metrics: Gateway['metrics'];
  /** Hears of every version that is served, from when it is. */
  readonly onGovernance: (governance: Governance) => void;
}
