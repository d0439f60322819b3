import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalArchive } from '../../src/adapters/archive/local.ts';
import { openAskedRequests } from '../../src/adapters/audit-log/asked-requests.ts';
import { openLocalAuditLog } from '../../src/adapters/audit-log/local.ts';
import { systemClock } from '../../src/adapters/clock/system.ts';
import { joinEvidence } from '../../src/adapters/evidence/joined.ts';
import { createHttpIssuerDocuments } from '../../src/adapters/issuer-documents/http.ts';
import { openLocalSwitches } from '../../src/adapters/switches/local.ts';
import { openLocalLedger } from '../../src/adapters/ledger/local.ts';
import { openLoopbackIssuer } from '../../src/adapters/loopback-issuer/loopback-issuer.ts';
import { createBedrock } from '../../src/adapters/model/bedrock.ts';
import { createOpenAiCompatible } from '../../src/adapters/model/openai-compatible/provider.ts';
import { createStandIn } from '../../src/adapters/model/stand-in.ts';
import { createLocalRouteHealth } from '../../src/adapters/route-health/local.ts';
import { GovernedGateway } from '../../src/compose/governed-gateway.ts';
import { createServer } from '../../src/http/server.ts';
import type { Archive, ArchiveEntry } from '../../src/ports/archive.ts';
import type { AuditLog } from '../../src/ports/audit-log.ts';
import { AddressLimiter } from '../../src/stages/edge/address-limiter.ts';
import { createKeyring } from '../../src/stages/identity/keyring.ts';
import { SwitchBoard } from '../../src/stages/switches/switch-board.ts';
import { createTokenVerifier } from '../../src/stages/identity/oidc-token.ts';
import { MAYA, routeTo, writeGovernance } from './gateway.ts';

/** What of the evidence fails, and how; the rest is written for real. */
export interface Failing {
  readonly open?: () => Promise<void>;
  readonly close?: () => Promise<void>;
  readonly sealPrompt?: () => Promise<void>;
  readonly sealAnswer?: () => Promise<void>;
}

export interface EvidenceGateway extends AsyncDisposable {
  readonly stateDir: string;
  post(body: string): Promise<Response>;
}

/** A gateway whose audit log or archive fails as it is told. */
export async function startGatewayWithEvidence(input: {
  readonly upstreamUrl: string;
  readonly failing: Failing;
}): Promise<EvidenceGateway> {
  const root = await mkdtemp(join(tmpdir(), 'goldenpath-evidence-'));
  const stateDir = join(root, 'state');
  const directory = join(root, 'governance');
  await mkdir(stateDir);
  await writeGovernance(directory, routeTo(input.upstreamUrl));
  const documents = createHttpIssuerDocuments();
  const issuer = await openLoopbackIssuer({ stateDir, clock: systemClock, beyond: documents });
  const keyring = createKeyring({ documents: issuer.documents, clock: systemClock });
  const audit = await openLocalAuditLog({ stateDir, clock: systemClock });
  const archive = openLocalArchive({ stateDir, clock: systemClock });
  const evidence = joinEvidence({
    audit: breakAudit(audit, input.failing),
    archive: breakArchive(archive, input.failing),
    telemetry: { closed: () => undefined, stop: async () => undefined },
  });
  const ledger = openLocalLedger({ stateDir });
  const switches = openLocalSwitches({ stateDir, clock: systemClock });
  const askedRequests = openAskedRequests({ stateDir });
  const providers = {
    bedrock: createBedrock(),
    'openai-compatible': createOpenAiCompatible({ keyOf: () => undefined }),
    'stand-in': createStandIn(),
  };
  const gateway = await GovernedGateway.open({
    directory,
    engines: {
      clock: systemClock,
      evidence,
      ledger,
      health: createLocalRouteHealth(systemClock),
      providers,
      bodyLimits: { maxBytes: 100_000, maxDepth: 64 },
      limiter: new AddressLimiter(0.5),
      board: new SwitchBoard(switches),
      askedRequests,
    },
    createVerifier: (governance) =>
      createTokenVerifier({
        keyring,
        issuers: [issuer.acceptedIssuer()],
        documents: issuer.documents,
        clock: systemClock,
        knownTenants: governance.tenants,
      }),
    assertServable: () => undefined,
    onGovernance: () => undefined,
    metrics: async () => ({ contentType: 'text/plain', body: '' }),
  });
  const server = createServer(gateway, { maxBodyBytes: 100_000, bodyTimeoutMs: 5_000 });
  await server.listen({ host: '127.0.0.1', port: 0 });
  const { port } = server.server.address() as AddressInfo; // a TCP server has one
  const { user, tenant, groups } = MAYA;
  const token = await issuer.mint({ user, tenant, groups, workflow: undefined, ttlS: 600 });
  return {
    stateDir,
    post: (body) =>
      fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
        method: 'POST',
        body,
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      }),
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await Promise.all(Object.values(providers).map((provider) => provider.close()));
      await Promise.all([
        evidence.stop(),
        ledger.stop(),
        switches.stop(),
        askedRequests.stop(),
        documents.close(),
      ]);
      await rm(root, { recursive: true });
    },
  };
}

function breakAudit(audit: AuditLog, failing: Failing): AuditLog {
  return {
    open: (intent) => failing.open?.() ?? audit.open(intent),
    close: (record) => failing.close?.() ?? audit.close(record),
    note: (record) => audit.note(record),
    fault: () => audit.fault(),
    stop: () => audit.stop(),
  };
}

function breakArchive(archive: Archive, failing: Failing): Archive {
  const seal = (entry: ArchiveEntry) =>
    (entry.part === 'prompt' ? failing.sealPrompt?.() : failing.sealAnswer?.()) ?? archive.seal(entry);
  return {
    seal,
    read: (requestId) => archive.read(requestId),
    shred: (tenant) => archive.shred(tenant),
    expire: (nowMs) => archive.expire(nowMs),
    fault: () => archive.fault(),
    stop: () => archive.stop(),
  };
}
