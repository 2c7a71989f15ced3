import { isIP } from 'node:net';

/** Whether a request that names this host is answered. @param header the header `Host`; undefined if there is none */
export type HostCheck = (header: string | undefined) => boolean;

/**
 * A web page can let its own name lead to this endpoint's address (DNS rebinding), and so read in its visitor's browser what is
 * meant for this machine only. Its requests name its host: on loopback only addresses, `localhost` and the names given are
 * answered. On other addresses every request is answered, unless such names are configured: probes of Kubernetes name addresses.
 * @param address where the endpoint listens
 * @param names in lower case
 */
export function createHostCheck(address: string, names: readonly string[]): HostCheck {
  if (!isLoopback(address) && names.length === 0) return () => true;
  const known = new Set(['localhost', ...names]);
  return (header) => {
    // HTTP/1.0 has no such header, and browsers do not use it.
    if (header === undefined) return true;
    const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(header.trim()) ?? [];
    if (bracketed !== undefined) return isIP(bracketed) === 6;
    return isIP(plain) === 4 || known.has(plain.toLowerCase().replace(/\.$/, ''));
  };
}

function isLoopback(address: string): boolean {
  return /^(?:127\.|::1$|::ffff:127\.)/i.test(address);
}
