import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import type { SecureContextOptions } from 'node:tls';
import ipaddr from 'ipaddr.js';
import { buildConnector } from 'undici';
import { PrivateAddress } from '../../domain/errors.ts';
import { carriedIPv4 } from './carried-ipv4.ts';
import { isMetadataAddress, isMetadataName } from './metadata-addresses.ts';

/** Which addresses a connection may go to. None of them holds the metadata addresses of clouds. */
export type Reach = 'public' | 'any' | 'not-link-local';

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Looks up a name, as `dns.lookup` does. */
export type NameLookup = (
  hostname: string,
  options: LookupOptions & { readonly all: true },
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/** Whether an address lies within reach; `public` leaves out private, loopback, link-local and reserved ones. */
export function isWithinReach(address: string, reach: Reach): boolean {
  const parsed = ipaddr.parse(address);
  if (isMetadataAddress(parsed)) return false;
  switch (reach) {
    case 'any':
      return true;
    case 'public':
      return isPublic(parsed);
    case 'not-link-local':
      return !isLinkLocal(parsed);
  }
}

const translators = ['::ffff:0:0/96', '64:ff9b::/96'].map((prefix) => ipaddr.IPv6.parseCIDR(prefix));

function isPublic(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (address instanceof ipaddr.IPv4) return address.range() === 'unicast';
  const carried = carriedIPv4(address);
  // What leads to one IPv4 address, and nowhere else, is as public as that. Tunnels and local prefixes are not.
  if (translators.some(([prefix, bits]) => address.match(prefix, bits))) return carried.every(isPublic);
  return carried.length === 0 && address.range() === 'unicast';
}

function isLinkLocal(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return address.range() === 'linkLocal' || (address instanceof ipaddr.IPv6 && carriedIPv4(address).some(isLinkLocal));
}

/**
 * Refuses a URL whose host is written as an address out of reach, or as a name that stands for one.
 * @throws PrivateAddress
 */
export function assertHostAllowed(url: URL, reach: Reach, subject: string): void {
  const name = plainName(url.hostname);
  const isOut = isIP(name) === 0 ? isMetadataName(name) : !isWithinReach(name, reach);
  if (isOut) throw refusal(subject, [name], reach);
}

/**
 * The same for a request to a proxy, which looks up names itself: nothing more is known here.
 * @throws PrivateAddress
 */
export function assertAllowedByProxy(url: URL, reach: Reach, subject: string): void {
  assertHostAllowed(url, reach, subject);
  const name = plainName(url.hostname);
  if (reach === 'public' && /(?:^|\.)localhost$/.test(name)) throw refusal(subject, [name], reach);
}

/** @param host as in `URL.hostname`, which writes IPv4 addresses in one way only */
function plainName(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[(.*)\]$/, '$1')
    .replace(/\.$/, '');
}

/**
 * Makes a DNS lookup for connections that leaves out addresses out of reach, at the moment of connecting: a name that becomes
 * private after an earlier check is refused.
 */
export function createLookup(reach: Reach, lookUp: NameLookup = dnsLookup) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    lookUp(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const allowed = addresses.filter(({ address }) => isWithinReach(address, reach));
      const [first] = allowed;
      if (!first)
        return callback(
          refusal(
            hostname,
            addresses.map(({ address }) => address),
            reach,
          ),
          [],
        );
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

/** Opens allowed connections only, for any caller: names by what they lead to, addresses as they are. */
export function createConnector(
  reach: Reach,
  lookUp?: NameLookup,
  tls: SecureContextOptions = {},
): buildConnector.connector {
  const connect = buildConnector({ ...tls, lookup: createLookup(reach, lookUp) });
  return (options, callback) => {
    try {
      assertHostAllowed(new URL(`${options.protocol}//${options.host ?? options.hostname}`), reach, options.hostname);
    } catch (error) {
      return callback(error as Error, null);
    }
    connect(options, callback);
  };
}

function refusal(subject: string, addresses: readonly string[], reach: Reach): PrivateAddress {
  const found = addresses.join(', ');
  if (reach === 'not-link-local') {
    return new PrivateAddress(
      `fetch: ${subject} leads to ${found}, a link-local or metadata address; links and redirects to such addresses are never followed`,
    );
  }
  if (reach === 'any' || addresses.every(isMetadata)) {
    return new PrivateAddress(
      `fetch: ${subject} leads to ${found}, a cloud metadata address, which has secrets of the machine; it is never requested, even with allow_private`,
    );
  }
  return new PrivateAddress(
    `fetch: ${subject} leads to ${found}, expected a public address; set allow_private: true to allow private ones`,
  );
}

function isMetadata(host: string): boolean {
  return isIP(host) === 0 ? isMetadataName(host) : isMetadataAddress(ipaddr.parse(host));
}
