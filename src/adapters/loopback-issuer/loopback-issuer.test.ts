import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { isRefusal } from '../../road/refusal.ts';
import { createTokenVerifier } from '../../stages/identity/oidc-token.ts';
import { assertLoopbackOnly } from './assert-loopback.ts';
import { locateKeyFile } from './key-file.ts';
import { openLoopbackIssuer, type LoopbackIssuer } from './loopback-issuer.ts';

const clock = { nowMs: () => 1_800_000_000_000 };
let stateDir = '';

beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), 'issuer-'));
});

afterEach(() => rmSync(stateDir, { recursive: true }));

const open = (): Promise<LoopbackIssuer> => openLoopbackIssuer({ stateDir, clock });

describe('the loopback issuer', () => {
  it('mints tokens that its gateway verifies without a network', async () => {
    const issuer = await open();
    const { documents } = issuer;
    const verifier = createTokenVerifier({ issuers: [issuer.acceptedIssuer()], documents, clock });
    const order = { user: 'ada', tenant: 'acme', groups: ['engineering'], workflow: 'triage', ttlS: 60 };
    const caller = await verifier.verify(`Bearer ${await issuer.mint(order)}`);
    assert.ok(!isRefusal(caller), JSON.stringify(caller));
    assert.deepEqual(
      [caller.subject, caller.tenant, caller.groups, caller.workflow, caller.kind, caller.expiresAtMs],
      ['ada', 'acme', ['engineering'], 'triage', 'user', clock.nowMs() + 60_000],
    );
  });

  it('keeps its key, for its owner alone, and publishes the public half', async () => {
    const first = await open();
    const options = { signal: AbortSignal.timeout(1000), maxBytes: 10_000 };
    const uri = first.acceptedIssuer().jwksUri ?? '';
    const published = JSON.stringify(await first.documents.fetchJson(uri, options));
    assert.equal(JSON.stringify(await (await open()).documents.fetchJson(uri, options)), published);
    assert.equal(statSync(locateKeyFile(stateDir)).mode & 0o777, 0o600);
    const { d } = JSON.parse(readFileSync(locateKeyFile(stateDir), 'utf8'));
    assert.ok(!published.includes(d));
    await assert.rejects(first.documents.fetchJson('https://issuer.example/', options), /no such document/);
  });

  it('makes one key, however many processes open it first', async () => {
    const issuers = await Promise.all(Array.from({ length: 8 }, open));
    const fetched = issuers.map((issuer) =>
      issuer.documents.fetchJson(issuer.acceptedIssuer().jwksUri ?? '', {
        signal: AbortSignal.timeout(1000),
        maxBytes: 1,
      }),
    );
    assert.equal(new Set((await Promise.all(fetched)).map((keys) => JSON.stringify(keys))).size, 1);
    assert.deepEqual(readdirSync(join(stateDir, 'keys')), ['issuer.json']);
  });

  it('does not open a key that others can read', async () => {
    await open();
    chmodSync(locateKeyFile(stateDir), 0o640);
    await assert.rejects(open(), /chmod 600/);
  });

  for (const text of ['', 'null', '{}', '{"kty":"EC","crv":"P-384"}', 'not json']) {
    it(`does not open a key file that holds ${JSON.stringify(text)}`, async () => {
      mkdirSync(join(stateDir, 'keys'));
      writeFileSync(locateKeyFile(stateDir), text, { mode: 0o600 });
      await assert.rejects(open(), /is not the key of a loopback issuer/);
    });
  }

  const orders = [
    { order: { user: '', tenant: 'acme' }, why: /the user/ },
    { order: { user: 'ada', tenant: 'ac\nme' }, why: /the tenant/ },
    { order: { user: 'ada', tenant: 'acme', groups: ['x'.repeat(129)] }, why: /the group/ },
    { order: { user: 'ada', tenant: 'acme', ttlS: 0 }, why: /seven days/ },
    { order: { user: 'ada', tenant: 'acme', ttlS: 604_801 }, why: /seven days/ },
    { order: { user: 'ada', tenant: 'acme', ttlS: Number.NaN }, why: /seven days/ },
  ];
  for (const { order, why } of orders) {
    it(`mints no token for ${JSON.stringify(order).slice(0, 60)}`, async () => {
      await assert.rejects((await open()).mint(order), why);
    });
  }
});

describe('the loopback check', () => {
  const accepted = ['127.0.0.1', '127.0.0.53', '127.255.255.254', '::1', 'localhost'];
  for (const host of accepted) it(`accepts ${host}`, () => assertLoopbackOnly(host));

  const refused = [
    '0.0.0.0',
    '::',
    '',
    '*',
    '10.0.0.1',
    '127.0.0.1.nip.io',
    '127.1',
    '0x7f000001',
    '2130706433',
    '0177.0.0.1',
    'localhost.example.com',
    'LOCALHOST',
    'localhost.',
    '[::1]',
    '::ffff:127.0.0.1',
    '::ffff:0.0.0.0',
    '127.0.0.1 ',
    '127.0.0.256',
    'fe80::1',
    'host.docker.internal',
  ];
  for (const host of refused) {
    it(`refuses ${JSON.stringify(host)}`, () => {
      assert.throws(() => assertLoopbackOnly(host), /for one machine alone/);
    });
  }
});
