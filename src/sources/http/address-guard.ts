import { lookup as dnsLookup, type LookupAddress, type LookupOptions } from 'node:dns';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { PrivateAddress } from '../../domain/errors.ts';

/** Which addresses a connection may go to. */
export type Reach = 'public' | 'any' | 'not-link-local';

const localNat64 = ipaddr.IPv6.parseCIDR('64:ff9b:1::/48');

type LookupCallback = (error: NodeJS.ErrnoException | null, address: string | LookupAddress[], family?: number) => void;

/** Whether an address lies within reach; `public` leaves out private, loopback, link-local and reserved ones. */
export function isWithinReach(address: string, reach: Reach): boolean {
  if (reach === 'any') return true;
  const parsed = ipaddr.process(address);
  const range = parsed.range();
  // NAT64 for local use: which IPv4 address it leads to is the network's own affair.
  if (parsed instanceof ipaddr.IPv6 && parsed.match(localNat64)) return reach !== 'public';
  if (parsed instanceof ipaddr.IPv6 && range === 'rfc6052') {
    return isWithinReach(parsed.toByteArray().slice(12).join('.'), reach);
  }
  return reach === 'public' ? range === 'unicast' : range !== 'linkLocal' && !isMetadata(parsed);
}

/** Where clouds tell their machines' secrets, besides 169.254.169.254: AWS over IPv6, and Alibaba. */
function isMetadata(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return ['fd00:ec2::254', '100.100.100.200'].includes(address.toString());
}

/**
 * Refuses a URL whose host is written as an address out of reach.
 * @throws PrivateAddress
 */
export function refuseHost(url: URL, reach: Reach, subject: string): void {
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0 && !isWithinReach(host, reach)) throw refusal(subject, host, reach);
}

/**
 * Makes a DNS lookup for connections that leaves out addresses out of reach, at the moment of connecting: a name that
 * turns private after an earlier check gets nowhere.
 */
export function createLookup(reach: Reach) {
  return (hostname: string, options: LookupOptions, callback: LookupCallback): void => {
    dnsLookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, []);
      const allowed = addresses.filter(({ address }) => isWithinReach(address, reach));
      const [first] = allowed;
      if (!first) return callback(refusal(hostname, addresses.map(({ address }) => address).join(', '), reach), []);
      if (options.all) callback(null, allowed);
      else callback(null, first.address, first.family);
    });
  };
}

function refusal(subject: string, address: string, reach: Reach): PrivateAddress {
  return new PrivateAddress(
    reach === 'public'
      ? `fetch: ${subject} leads to ${address}, expected a public address; set allow_private: true if that is meant`
      : `fetch: ${subject} redirects to the link-local or metadata address ${address}, which is never followed`,
  );
}
