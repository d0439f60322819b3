import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import { openLocalArchive } from '../adapters/archive/local.ts';
import { openAskedRequests } from '../adapters/audit-log/asked-requests.ts';
import { createSteadyClock } from '../adapters/clock/steady.ts';
import { systemClock } from '../adapters/clock/system.ts';
import { createHttpIssuerDocuments } from '../adapters/issuer-documents/http.ts';
import { openLocalLedger } from '../adapters/ledger/local.ts';
import { openLoopbackIssuer, type LoopbackIssuer } from '../adapters/loopback-issuer/loopback-issuer.ts';
import { createBedrock } from '../adapters/model/bedrock.ts';
import { createOpenAiCompatible } from '../adapters/model/openai-compatible/provider.ts';
import { createStandIn } from '../adapters/model/stand-in.ts';
import { createLocalRouteHealth } from '../adapters/route-health/local.ts';
import { createLogger } from '../adapters/telemetry/log.ts';
import { readLimits } from '../adapters/telemetry/limit-gauges.ts';
import { formatMetrics, METRICS_CONTENT_TYPE, type Metrics } from '../adapters/telemetry/metrics-text.ts';
import { createProcessMetrics } from '../adapters/telemetry/process-metrics.ts';
import { openLocalSwitches } from '../adapters/switches/local.ts';
import type { Governance } from '../governance/governance.ts';
import { createServer } from '../http/server.ts';
import type { TokenVerifier } from '../ports/identity.ts';
import { AddressLimiter } from '../stages/edge/address-limiter.ts';
import { createKeyring, type Keyring } from '../stages/identity/keyring.ts';
import { createTokenVerifier } from '../stages/identity/oidc-token.ts';
import { SwitchBoard } from '../stages/switches/switch-board.ts';
import { startAlerting, type Alerting } from './alerting.ts';
import { countRequests } from './drain.ts';
import { GovernedGateway, type ReloadOutcome } from './governed-gateway.ts';
import { startLeftovers } from './leftovers.ts';
import { startPendingFlips } from './pending-flips.ts';
import { startRetention } from './retention.ts';
import { openTelemetryLink, startEvidence } from './start-evidence.ts';
import { assertServable } from './servable.ts';
import { keepThreadsSmall } from './thread-memory.ts';
import { watchGovernance } from './watch-governance.ts';
import type { Engines } from './world.ts';
import { makeFolder } from '../adapters/local-state/files.ts';

export interface LocalOptions {
  readonly governanceDir: string;
  readonly stateDir: string;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where the log lines go: a level of pino, and a file descriptor. */
  readonly log: { readonly level: string; readonly fd: number };
  readonly maxBodyBytes?: number;
  readonly bodyTimeoutMs?: number;
  /** The processes that share the port; this one is alone where nothing is said. */
  readonly siblings?: Siblings;
}

/** What a process that shares its port asks of the others. */
export interface Siblings {
  /** The metrics of all of them, given those of this one. */
  formatMetrics(own: Metrics): Promise<string>;
  /** How to learn of this process's metrics, for when another one is asked. */
  serveMetrics(read: () => Promise<Metrics>): void;
}

const ALONE: Siblings = { formatMetrics, serveMetrics: () => undefined };

export interface LocalGateway {
  readonly url: string;
  /** The version that is in force now. */
  readonly governance: Governance;
  /** Never rejects. */
  reload(cause: string): Promise<ReloadOutcome>;
  /** Lets requests under way end, closes the log, and lets go of everything. */
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 2_000_000;
const BODY_TIMEOUT_MS = 15_000;
const MAX_JSON_DEPTH = 64;
const DRAIN_MS = 10_000;

/** The whole gateway in one process: SQLite and files for its state, the embedded engine for its guardrails. */
export async function startLocalGateway(options: LocalOptions): Promise<LocalGateway> {
  const { stateDir, host, env, log, siblings = ALONE } = options;
  keepThreadsSmall();
  const link = openTelemetryLink(log.fd);
  const logger = createLogger({ level: log.level, file: link });
  makeFolder(stateDir, 0o700);
  const documents = createHttpIssuerDocuments();
  const issuer = await openLoopbackIssuer({ stateDir, clock: systemClock, beyond: documents });
  const keyring = createKeyring({ documents: issuer.documents, clock: systemClock });
  let gateway: GovernedGateway | undefined;
  const ownMetrics = createProcessMetrics({
    ready: () => gateway?.readiness().ready ?? false,
    readLimits: () => readLimits(ledger, clock.nowMs()),
  });
  const alerting: Alerting = startAlerting({
    env,
    clock: systemClock,
    logger,
    count: ownMetrics.countAlert,
    watch: (rules) => link.watch(rules, (raised) => alerting.raise(raised)),
  });
  const onFault = (fault: string | undefined) => {
    alerting.fault('evidence', fault);
    if (fault === undefined) logger.info('evidence can be written again');
    else logger.error({ fault }, 'evidence cannot be written');
  };
  const otlpEndpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const evidence = await startEvidence({ stateDir, log, otlpEndpoint, link, onFault });
  const archive = openLocalArchive({ stateDir, clock: systemClock });
  const ledger = openLocalLedger({
    stateDir,
    onFault: (fault) => {
      alerting.fault('ledger', fault);
      if (fault === undefined) logger.info('the ledger can be written again');
      else logger.error({ fault }, 'the ledger cannot be written, so requests with limits are refused');
    },
  });
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  switches.watch(() => alerting.fault('switches', switches.fault()));
  const askedRequests = openAskedRequests({ stateDir });
  const providers: Engines['providers'] = {
    bedrock: createBedrock(),
    'openai-compatible': createOpenAiCompatible({ keyOf: (name) => env[name] }),
    'stand-in': createStandIn(),
  };
  // Limits and records go by one clock, which never runs backward; tokens by the machine's own.
  const clock = createSteadyClock(systemClock);
  const readMetrics = async () => [...(await ownMetrics.read()), ...(await link.read())];
  siblings.serveMetrics(readMetrics);
  const stopEngines = async () => {
    await Promise.all(Object.values(providers).map((provider) => provider.close()));
    await Promise.all([
      evidence.stop(),
      ledger.stop(),
      switches.stop(),
      askedRequests.stop(),
      documents.close(),
    ]);
    // What the last records raised is with it by now.
    await alerting.stop();
  };
  try {
    gateway = await GovernedGateway.open({
      directory: options.governanceDir,
      engines: {
        clock,
        evidence,
        ledger,
        health: createLocalRouteHealth(systemClock),
        providers,
        bodyLimits: { maxBytes: options.maxBodyBytes ?? MAX_BODY_BYTES, maxDepth: MAX_JSON_DEPTH },
        limiter: new AddressLimiter(systemClock.random()),
        board: new SwitchBoard(switches),
        askedRequests,
      },
      createVerifier: (governance) => createVerifier({ governance, issuer, keyring }),
      assertServable: (governance) =>
        assertServable(governance, { host, env, warn: (message) => logger.warn(message) }),
      onGovernance: (governance) => alerting.follow(governance),
      metrics: async () => ({
        contentType: METRICS_CONTENT_TYPE,
        body: await siblings.formatMetrics(await readMetrics()),
      }),
    });
    const serving = gateway;
    const server = createServer(serving, {
      maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
      bodyTimeoutMs: options.bodyTimeoutMs ?? BODY_TIMEOUT_MS,
    });
    const requests = countRequests(server.server);
    // A gateway that serves is on the record before its first request.
    await noteGateway(serving, evidence, 'gateway.start');
    await server.listen({ host, port: options.port }).catch(async (error: unknown) => {
      // It never served: the record says so. Why it did not is the better thing to tell.
      await noteGateway(serving, evidence, 'gateway.stop').catch(() => undefined);
      throw error;
    });
    const reload = createReload(serving, logger);
    const watcher = watchGovernance({
      directory: options.governanceDir,
      onChange: reload,
      onLost: (why) => logger.warn({ why }, 'changed governance files are noticed after some seconds alone'),
    });
    const retention = startRetention({
      archive,
      evidence,
      clock: systemClock,
      onError: (error) =>
        logger.error({ error: describeError(error) }, 'archived entries could not be expired'),
    });
    const leftovers = startLeftovers({
      ledger,
      stateDir,
      clock,
      onError: (error) => logger.error({ error: describeError(error) }, 'leftovers could not be settled'),
    });
    const pendingFlips = startPendingFlips({
      switches,
      evidence,
      clock,
      onError: (error) => logger.error({ error: describeError(error) }, 'a switch could not be recorded'),
    });
    const { port } = server.server.address() as AddressInfo; // a TCP server has one
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
      get governance() {
        return serving.governance;
      },
      reload,
      stop: async () => {
        watcher.close();
        retention.close();
        pendingFlips.close();
        serving.drain();
        const stopClosing = requests.closeWhenDone(DRAIN_MS);
        try {
          await server.close();
          await noteGateway(serving, evidence, 'gateway.stop');
          await leftovers.close();
        } finally {
          stopClosing();
          await stopEngines();
        }
      },
    };
  } catch (error) {
    await stopEngines().catch(() => undefined);
    throw error;
  }
}

function describeError(error: unknown): string {
  return error instanceof Error ? error.message : 'unknown';
}

/** The keyring outlives the verifiers, so that a reload while an issuer is away forgets none of its keys. */
function createVerifier(parts: {
  readonly governance: Governance;
  readonly issuer: LoopbackIssuer;
  readonly keyring: Keyring;
}): TokenVerifier {
  const { governance, issuer, keyring } = parts;
  return createTokenVerifier({
    keyring,
    issuers: governance.loopbackIssuer
      ? [...governance.issuers, issuer.acceptedIssuer()]
      : governance.issuers,
    documents: issuer.documents,
    clock: systemClock,
    knownTenants: governance.tenants,
  });
}

function noteGateway(
  gateway: GovernedGateway,
  evidence: Engines['evidence'],
  action: 'gateway.start' | 'gateway.stop',
): Promise<void> {
  const governanceVersion = gateway.governance.version;
  return evidence.note({
    kind: 'admin',
    atMs: systemClock.nowMs(),
    action,
    actor: 'gateway',
    governanceVersion,
  });
}

/** Reloads, and logs what became of it: whoever sent SIGHUP is answered in every case. */
function createReload(gateway: GovernedGateway, logger: Logger): LocalGateway['reload'] {
  let wasRefused = false;
  const messages = {
    refused: () => 'governance repository not reloaded',
    swapped: () => 'governance repository reloaded',
    unchanged: () =>
      wasRefused
        ? 'the problems of the governance repository are gone; it is the version that is served'
        : 'governance repository not changed',
  } satisfies Record<ReloadOutcome, () => string>;
  return async (cause) => {
    const outcome = await gateway.reload(cause);
    const { ready, reasons, governance } = gateway.readiness();
    const message = messages[outcome]();
    wasRefused = outcome === 'refused';
    if (wasRefused) logger.error({ cause, reasons }, message);
    else logger.info({ cause, ready, version: governance?.version }, message);
    return outcome;
  };
}
