import ipaddr from 'ipaddr.js';
import { carriedIPv4 } from './carried-ipv4.ts';

/**
 * Where clouds give their machines credentials and secrets: AWS, Azure, Google, OpenStack, Oracle and others
 * (169.254.169.254), ECS and EKS (169.254.170.2 and .23), Azure's wire server, Alibaba, and the same over IPv6.
 */
const addresses = [
  '169.254.169.254',
  '169.254.170.2',
  '169.254.170.23',
  '168.63.129.16',
  '100.100.100.200',
  '192.0.0.192',
  'fd00:ec2::254',
  'fd00:ec2::23',
  'fd20:ce::254',
  'fe80::a9fe:a9fe',
].map((address) => ipaddr.parse(address).toString());
const known: ReadonlySet<string> = new Set(addresses);

const names: ReadonlySet<string> = new Set([
  'metadata.google.internal',
  'metadata.goog',
  'instance-data',
  'instance-data.ec2.internal',
]);

/** Whether a cloud's metadata service answers at an address, however it is written. */
export function isMetadataAddress(address: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  if (known.has(address.toString())) return true;
  if (address instanceof ipaddr.IPv4) return false;
  // A network may have its own NAT64 prefix: the last four bytes count with any prefix.
  const last = new ipaddr.IPv4(address.toByteArray().slice(12));
  return [last, ...carriedIPv4(address)].some((carried) => known.has(carried.toString()));
}

/** Whether a name is that of a cloud's metadata service. @param host in lower case, without a dot at its end */
export function isMetadataName(host: string): boolean {
  return names.has(host);
}
