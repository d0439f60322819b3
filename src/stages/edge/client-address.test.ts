import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TrustedProxies } from '../../road/edge-rules.ts';
import { createAddressReader } from './client-address.ts';

const NOBODY: TrustedProxies = { networks: [] };
const TEN: TrustedProxies = { networks: ['10.0.0.0/8', '2001:db8:aaaa::/48', '192.0.2.7'] };
const ONE_HOP: TrustedProxies = { hops: 1 };
const TWO_HOPS: TrustedProxies = { hops: 2 };
const LONG = Array.from({ length: 3_000 }, (_, index) => `10.0.${index >> 8}.${index & 255}`).join(', ');

/** Whom we trust, the socket's address, the header → whom the request is counted for. */
const CASES: readonly (readonly [
  what: string,
  proxies: TrustedProxies,
  remote: string | undefined,
  header: string | undefined,
  expected: string,
])[] = [
  ['nobody is trusted: the socket', NOBODY, '203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['no address at all', NOBODY, undefined, '198.51.100.1', 'local'],
  ['a stranger forges the header', TEN, '203.0.113.9', '198.51.100.1, 10.0.0.1', '203.0.113.9'],
  ['a proxy says who came', TEN, '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['behind a proxy the client forges', TEN, '10.1.2.3', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['the client claims to be a proxy', TEN, '10.1.2.3', '10.9.9.9, 198.51.100.1', '198.51.100.1'],
  ['two proxies', TEN, '10.1.2.3', '198.51.100.1, 192.0.2.7', '198.51.100.1'],
  ['a single address beside a trusted one', TEN, '192.0.2.8', '198.51.100.1', '192.0.2.8'],
  ['a proxy that says nothing', TEN, '10.1.2.3', undefined, '10.1.2.3'],
  ['an empty header', TEN, '10.1.2.3', '', '10.1.2.3'],
  ['what is no address ends the search', TEN, '10.1.2.3', '198.51.100.1, unknown', '10.1.2.3'],
  ['a hole in the list', TEN, '10.1.2.3', '198.51.100.1,, 10.0.0.1', '10.0.0.1'],
  ['nobody but proxies', TEN, '10.1.2.3', '10.0.0.5, 10.0.0.6', '10.0.0.5'],
  ['a very long list of proxies', TEN, '10.1.2.3', LONG, '10.0.0.0'],
  ['ports', TEN, '10.1.2.3', '198.51.100.1:443', '198.51.100.1'],
  ['a mapped proxy', TEN, '::ffff:10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['a mapped client', NOBODY, '::ffff:203.0.113.9', undefined, '203.0.113.9'],
  ['a mapped client in hexadecimal', NOBODY, '::FFFF:cb00:7109', undefined, '203.0.113.9'],
  ['IPv6 counts by its /64', NOBODY, '2001:db8:1:2:3:4:5:6', undefined, '2001:db8:1:2::/64'],
  ['IPv6 in short', NOBODY, '2001:DB8::1', undefined, '2001:db8:0:0::/64'],
  ['IPv6 with a zone', NOBODY, 'fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
  ['IPv6 with IPv4 at its end', NOBODY, '64:ff9b::192.0.2.1', undefined, '64:ff9b:0:0::/64'],
  ['loopback', NOBODY, '::1', undefined, '0:0:0:0::/64'],
  ['an IPv6 proxy', TEN, '2001:db8:aaaa:1::1', '[2001:db8:1:2::9]:443', '2001:db8:1:2::/64'],
  ['one hop', ONE_HOP, '10.1.2.3', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['two hops', TWO_HOPS, '10.1.2.3', '1.1.1.1, 198.51.100.1, 10.0.0.9', '198.51.100.1'],
  ['more hops than there are', TWO_HOPS, '10.1.2.3', '198.51.100.1', '198.51.100.1'],
  ['a hop that is no address', TWO_HOPS, '10.1.2.3', '198.51.100.1, _hidden', '10.1.2.3'],
];

for (const [what, proxies, remoteAddress, forwardedFor, expected] of CASES) {
  test(`${what}: ${expected}`, () => {
    const read = createAddressReader(proxies);
    assert.equal(read({ remoteAddress, forwardedFor, origin: undefined }), expected);
  });
}

test('a long header from a stranger is not read', () => {
  const read = createAddressReader(TEN);
  const forwardedFor = `${'1.1.1.1, '.repeat(1_000_000)}198.51.100.1`;
  const startedMs = performance.now();
  for (let i = 0; i < 1_000; i++) read({ remoteAddress: '10.1.2.3', forwardedFor, origin: undefined });
  assert.ok(performance.now() - startedMs < 200);
});
