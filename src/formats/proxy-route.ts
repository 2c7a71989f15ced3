import { isIP } from 'node:net';

/** Proxies that the environment names. */
export interface ProxySettings {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
}

/** How a request travels: to its host itself, or through a proxy, which looks up the host's name itself. */
export type Route = { readonly proxy: string | null };

const usualPorts: Readonly<Record<string, number>> = { 'http:': 80, 'https:': 443 };

/**
 * The only place that decides whether a request goes through a proxy.
 * @param proxy the source's own; null = what the environment says
 */
export function routeOf(url: URL, proxy: string | null, environment: ProxySettings): Route {
  if (proxy !== null) return { proxy };
  const { httpProxy, httpsProxy, noProxy = '' } = environment;
  const named = (url.protocol === 'https:' ? (httpsProxy ?? httpProxy) : httpProxy) || null;
  return { proxy: named === null || isExcepted(url, noProxy) ? null : named };
}

/** `NO_PROXY` as undici's EnvHttpProxyAgent reads it: names with all names below them, addresses, ports; `*` = all. */
function isExcepted(url: URL, noProxy: string): boolean {
  const host = url.hostname.toLowerCase();
  const port = Number(url.port) || usualPorts[url.protocol];
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (isIP(entry) === 6) return host === `[${entry}]`;
      const [, name = entry, only] = /^(.+):(\d+)$/.exec(entry) ?? [];
      if (only !== undefined && Number(only) !== 0 && Number(only) !== port) return false;
      const bare = name.replace(/^\*?\./, '');
      return bare === '*' || host === bare || host.endsWith(`.${bare}`);
    });
}
