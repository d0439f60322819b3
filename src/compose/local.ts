import { mkdirSync, watch } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { resolve } from 'node:path';
import type { Logger } from 'pino';
import { openLocalArchive } from '../adapters/archive/local.ts';
import { openLocalAuditLog } from '../adapters/audit-log/local.ts';
import { systemClock } from '../adapters/clock/system.ts';
import { createHttpIssuerDocuments } from '../adapters/issuer-documents/http.ts';
import { openLoopbackIssuer, type LoopbackIssuer } from '../adapters/loopback-issuer/loopback-issuer.ts';
import { createBedrock } from '../adapters/model/bedrock.ts';
import { createOpenAiCompatible } from '../adapters/model/openai-compatible/provider.ts';
import { createStandIn } from '../adapters/model/stand-in.ts';
import { createLocalRouteHealth } from '../adapters/route-health/local.ts';
import { createLogger, createLogTelemetry } from '../adapters/telemetry/log.ts';
import { createOtelTelemetry } from '../adapters/telemetry/open-telemetry.ts';
import { createPrometheusTelemetry } from '../adapters/telemetry/prometheus.ts';
import type { Governance } from '../governance/governance.ts';
import { createServer } from '../http/server.ts';
import type { TokenVerifier } from '../ports/identity.ts';
import type { Telemetry } from '../ports/telemetry.ts';
import { createKeyring, type Keyring } from '../stages/identity/keyring.ts';
import { createTokenVerifier } from '../stages/identity/oidc-token.ts';
import { GovernedGateway } from './governed-gateway.ts';
import { assertServable } from './servable.ts';
import type { Engines } from './world.ts';

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
}

export interface LocalGateway {
  readonly url: string;
  readonly governance: Governance;
  reload(cause: string): Promise<'swapped' | 'unchanged' | 'refused'>;
  /** Lets requests under way end, closes the log, and lets go of everything. */
  stop(): Promise<void>;
}

const MAX_BODY_BYTES = 2_000_000;
const BODY_TIMEOUT_MS = 15_000;
const MAX_JSON_DEPTH = 64;
const DRAIN_MS = 10_000;

/** The whole gateway in one process: SQLite and files for its state, the embedded engine for its guardrails. */
export async function startLocalGateway(options: LocalOptions): Promise<LocalGateway> {
  const { stateDir, host, env } = options;
  const logger = createLogger(options.log);
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  const documents = createHttpIssuerDocuments();
  const issuer = await openLoopbackIssuer({ stateDir, clock: systemClock, beyond: documents });
  const keyring = createKeyring({ documents: issuer.documents, clock: systemClock });
  const onFault = (fault: string | undefined) =>
    fault === undefined
      ? logger.info('evidence can be written again')
      : logger.error({ fault }, 'evidence cannot be written');
  const audit = await openLocalAuditLog({ stateDir, clock: systemClock, onFault });
  const archive = openLocalArchive({ stateDir, clock: systemClock });
  const providers: Engines['providers'] = {
    bedrock: createBedrock(),
    'openai-compatible': createOpenAiCompatible({ keyOf: (name) => env[name] }),
    'stand-in': createStandIn(),
  };
  let gateway: GovernedGateway | undefined;
  const prometheus = createPrometheusTelemetry({ ready: () => gateway?.readiness().ready ?? false });
  const endpoint = env['OTEL_EXPORTER_OTLP_ENDPOINT'];
  const sinks = [
    prometheus,
    createLogTelemetry(logger),
    ...(endpoint === undefined ? [] : [await createOtelTelemetry({ endpoint })]),
  ];
  const telemetry = fanOut(sinks, logger);
  const stopEngines = async () => {
    await Promise.all(Object.values(providers).map((provider) => provider.close()));
    await Promise.all([archive.stop(), audit.stop(), documents.close()]);
    await telemetry.stop();
  };
  try {
    gateway = await GovernedGateway.open({
      directory: options.governanceDir,
      engines: {
        clock: systemClock,
        audit,
        archive,
        health: createLocalRouteHealth(systemClock),
        providers,
        telemetry,
        bodyLimits: { maxBytes: options.maxBodyBytes ?? MAX_BODY_BYTES, maxDepth: MAX_JSON_DEPTH },
      },
      createVerifier: (governance) => createVerifier({ governance, issuer, keyring }),
      assertServable: (governance) =>
        assertServable(governance, { host, env, warn: (message) => logger.warn(message) }),
      metrics: () => prometheus.render(),
    });
    const serving = gateway;
    const server = createServer(serving, {
      maxBodyBytes: options.maxBodyBytes ?? MAX_BODY_BYTES,
      bodyTimeoutMs: options.bodyTimeoutMs ?? BODY_TIMEOUT_MS,
    });
    await server.listen({ host, port: options.port });
    await noteGateway(serving, audit, 'gateway.start');
    const watcher = watchGovernance(options.governanceDir, (cause) => reload(serving, logger, cause));
    const { port } = server.server.address() as AddressInfo; // a TCP server has one
    return {
      url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
      governance: serving.governance,
      reload: (cause) => reload(serving, logger, cause),
      stop: async () => {
        watcher.close();
        serving.drain();
        const cut = setTimeout(() => server.server.closeAllConnections(), DRAIN_MS);
        await server.close();
        clearTimeout(cut);
        await noteGateway(serving, audit, 'gateway.stop');
        await stopEngines();
      },
    };
  } catch (error) {
    await stopEngines().catch(() => undefined);
    throw error;
  }
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
  audit: Engines['audit'],
  action: 'gateway.start' | 'gateway.stop',
): Promise<void> {
  const governanceVersion = gateway.governance.version;
  return audit.note({
    kind: 'admin',
    atMs: systemClock.nowMs(),
    action,
    actor: 'gateway',
    governanceVersion,
  });
}

async function reload(
  gateway: GovernedGateway,
  logger: Logger,
  cause: string,
): ReturnType<GovernedGateway['reload']> {
  const outcome = await gateway.reload(cause);
  const { ready, reasons, governance } = gateway.readiness();
  if (outcome === 'refused') logger.error({ cause, reasons }, 'governance repository not reloaded');
  if (outcome === 'swapped')
    logger.info({ cause, ready, version: governance?.version }, 'governance repository reloaded');
  return outcome;
}

const SETTLE_MS = 200;

/** Editors write in several steps, so a change is looked at when it has settled. */
function watchGovernance(
  directory: string,
  onChange: (cause: string) => Promise<unknown>,
): { close(): void } {
  let timer: NodeJS.Timeout | undefined;
  const watcher = watch(resolve(directory), { recursive: true }, () => {
    clearTimeout(timer);
    timer = setTimeout(() => void onChange('file change').catch(() => undefined), SETTLE_MS);
  });
  return {
    close: () => {
      clearTimeout(timer);
      watcher.close();
    },
  };
}

/** A record that is closed stays closed, whatever becomes of its metrics. */
function fanOut(sinks: readonly Telemetry[], logger: Logger): Telemetry {
  return {
    closed: (record) => {
      for (const sink of sinks) {
        try {
          sink.closed(record);
        } catch (error) {
          logger.error(
            { requestId: record.requestId, error: error instanceof Error ? error.name : 'unknown' },
            'telemetry failed',
          );
        }
      }
    },
    stop: async () => {
      await Promise.all(sinks.map((sink) => sink.stop()));
    },
  };
}
