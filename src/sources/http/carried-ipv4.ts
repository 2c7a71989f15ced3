import ipaddr from 'ipaddr.js';

/** A way to write an IPv4 address inside an IPv6 address. */
interface Carrier {
  readonly prefix: readonly [ipaddr.IPv6, number];
  readonly read: (bytes: readonly number[]) => readonly (readonly number[])[];
}

const last = (bytes: readonly number[]) => bytes.slice(12);

const carriers: readonly Carrier[] = [
  // IPv4-mapped, IPv4-compatible (deprecated), SIIT, NAT64.
  ...['::ffff:0:0/96', '::/96', '::ffff:0:0:0/96', '64:ff9b::/96'].map((prefix) => ({
    prefix: ipaddr.IPv6.parseCIDR(prefix),
    read: (bytes: readonly number[]) => [last(bytes)],
  })),
  // NAT64 for local use: the position of the address depends on the length of the prefix (RFC 6052 §2.2).
  {
    prefix: ipaddr.IPv6.parseCIDR('64:ff9b:1::/48'),
    read: (bytes) => {
      // The ninth byte is always skipped.
      const rest = [...bytes.slice(6, 8), ...bytes.slice(9)];
      return [0, 1, 2].map((start) => rest.slice(start, start + 4)).concat([last(bytes)]);
    },
  },
  // 6to4.
  { prefix: ipaddr.IPv6.parseCIDR('2002::/16'), read: (bytes) => [bytes.slice(2, 6)] },
  // Teredo: the client's address with all bits flipped.
  { prefix: ipaddr.IPv6.parseCIDR('2001::/32'), read: (bytes) => [last(bytes).map((byte) => byte ^ 0xff)] },
];

/** The IPv4 addresses that an IPv6 address may lead to: translators and tunnels write one inside the other. */
export function carriedIPv4(address: ipaddr.IPv6): readonly ipaddr.IPv4[] {
  const bytes = address.toByteArray();
  const isIsatap = bytes[9] === 0 && bytes[10] === 0x5e && bytes[11] === 0xfe;
  const found = carriers.flatMap(({ prefix, read }) => (address.match(prefix[0], prefix[1]) ? read(bytes) : []));
  return [...found, ...(isIsatap ? [last(bytes)] : [])].map((four) => new ipaddr.IPv4([...four]));
}
