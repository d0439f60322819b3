import { BlockList, isIP } from 'node:net';
import type { TrustedProxies, Visit } from '../../road/edge-rules.ts';

/** Connections without an address, such as over a socket of the file system, are one visitor. */
const NO_ADDRESS = 'local';
const MAX_REMEMBERED = 10_000;

/** Tells the client's address, as visitors are counted by: an IPv4 address, or the /64 network of an IPv6 one. */
export type ReadClientAddress = (visit: Visit) => string;

/**
 * The client is the rightmost address that no trusted proxy speaks for: each proxy appends whom it heard, so what
 * stands further left is what the client itself wrote. Where nobody is trusted, the header is not looked at.
 */
export function createAddressReader(proxies: TrustedProxies): ReadClientAddress {
  const find = 'hops' in proxies ? findByHops(proxies.hops) : findByNetworks(proxies.networks);
  const known = new Map<string, string>();
  return (visit) => {
    const found = find(visit);
    let counted = known.get(found);
    if (counted === undefined) {
      counted = toCounted(found);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(found, counted);
    }
    return counted;
  };
}

function findByNetworks(networks: readonly string[]): (visit: Visit) => string {
  if (networks.length === 0) return ({ remoteAddress }) => remoteAddress ?? NO_ADDRESS;
  const trusted = new BlockList();
  for (const network of networks) {
    const [address = '', length] = network.split('/');
    const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
    trusted.addSubnet(address, Number(length ?? (family === 'ipv6' ? 128 : 32)), family);
  }
  // A mapped IPv4 address is held against the IPv4 networks, too.
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return ({ remoteAddress, forwardedFor }) => {
    let client = withoutZone(remoteAddress ?? NO_ADDRESS);
    const rest = new FromTheRight(forwardedFor);
    while (isIP(client) !== 0 && isTrusted(client)) {
      const next = rest.next();
      // What is no address was not written by a proxy that could be trusted: the last one that was answers for it.
      if (next === undefined) break;
      client = next;
    }
    return client;
  };
}

function findByHops(hops: number): (visit: Visit) => string {
  return ({ remoteAddress, forwardedFor }) => {
    let client = withoutZone(remoteAddress ?? NO_ADDRESS);
    const rest = new FromTheRight(forwardedFor);
    for (let hop = 0; hop < hops; hop++) {
      const next = rest.next();
      if (next === undefined) break;
      client = next;
    }
    return client;
  };
}

/** Reads addresses of a header from its end, no further than is asked for: a client may write as much as it likes. */
class FromTheRight {
  readonly #header: string;
  #end: number;

  constructor(header: string | undefined) {
    this.#header = header ?? '';
    this.#end = header === undefined ? -1 : header.length;
  }

  /** The next address to the left; undefined where there is none, or something that is none. */
  next(): string | undefined {
    if (this.#end < 0) return undefined;
    const comma = this.#header.lastIndexOf(',', this.#end - 1);
    const entry = this.#header.slice(comma + 1, this.#end).trim();
    this.#end = comma <= 0 ? -1 : comma;
    const address = withoutZone(withoutPort(entry));
    if (isIP(address) !== 0) return address;
    this.#end = -1;
    return undefined;
  }
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(entry: string): string {
  const [, bracketed] = /^"?\[([^\]]{2,60})\](?::\d{1,5})?"?$/.exec(entry) ?? [];
  return bracketed ?? /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(entry)?.[1] ?? entry;
}

function withoutZone(address: string): string {
  const zone = address.indexOf('%');
  return zone === -1 ? address : address.slice(0, zone);
}

/** Who has one IPv6 address mostly has all of its /64: they count as one. IPv4 in IPv6's clothes is IPv4. */
function toCounted(address: string): string {
  if (isIP(address) !== 6) return address;
  const groups = expand(address);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (isMapped) {
    const [high = 0, low = 0] = groups.slice(6);
    return [high >> 8, high & 255, low >> 8, low & 255].join('.');
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The eight groups of an address that `isIP` has accepted. */
function expand(address: string): number[] {
  const [, head = address, dotted] = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address) ?? [];
  const bytes = (dotted ?? '').split('.').map(Number);
  const tail =
    dotted === undefined
      ? []
      : [((bytes[0] ?? 0) << 8) | (bytes[1] ?? 0), ((bytes[2] ?? 0) << 8) | (bytes[3] ?? 0)];
  const [left = '', right] = head.split('::');
  const toGroups = (part: string) =>
    part
      .split(':')
      .filter((group) => group !== '')
      .map((group) => Number.parseInt(group, 16));
  const before = toGroups(left);
  const after = [...toGroups(right ?? ''), ...tail];
  const gap = Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...gap, ...after];
}
