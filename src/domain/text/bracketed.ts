/** A host as it is written before a port: an IPv6 address is in brackets. */
export function bracketed(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}
