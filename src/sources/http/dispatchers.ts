import { Agent, ProxyAgent, type buildConnector, type Dispatcher } from 'undici';
import {
  createConnector,
  createLookup,
  assertAllowedByProxy,
  assertHostAllowed,
  type NameLookup,
  type Reach,
} from './address-guard.ts';
import type { Route } from '../../formats/proxy-route.ts';

/** Of all headers of an answer together. */
export const maxHeaderBytes = 64 * 1024;
/** Connections to one origin at a time, from one worker: what browsers allow themselves, and a little more. */
const connectionsPerOrigin = 10;

/** The body's own deadline is the request's: undici's timers would only cut it shorter. */
const options = {
  headersTimeout: 0,
  bodyTimeout: 0,
  maxHeaderSize: maxHeaderBytes,
  connections: connectionsPerOrigin,
};

/** Open connections, separate for each reach and each proxy. */
export class Dispatchers {
  readonly #direct: Readonly<Record<Reach, Agent>>;
  readonly #proxies = new Map<string, Dispatcher>();
  readonly #lookUp: NameLookup | undefined;

  constructor(lookUp?: NameLookup) {
    this.#lookUp = lookUp;
    const agent = (reach: Reach) => new Agent({ ...options, connect: createConnector(reach, lookUp) });
    this.#direct = { any: agent('any'), public: agent('public'), 'not-link-local': agent('not-link-local') };
  }

  /**
   * The dispatcher of a request, which allows only permitted addresses.
   * @param subject who asks, for messages
   * @throws PrivateAddress if the URL itself says that it may not be asked
   */
  of(url: URL, { proxy }: Route, reach: Reach, subject: string): Dispatcher {
    if (proxy === null) {
      assertHostAllowed(url, reach, subject);
      return this.#direct[reach];
    }
    assertAllowedByProxy(url, reach, subject);
    assertHostAllowed(new URL(proxy), 'any', `the proxy of ${subject}`);
    return this.#through(proxy);
  }

  async close(): Promise<void> {
    const all = [...Object.values(this.#direct), ...this.#proxies.values()];
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  #through(address: string): Dispatcher {
    const known = this.#proxies.get(address);
    if (known) return known;
    // A plain request goes to the proxy as such: many refuse a tunnel to port 80.
    const proxy = new ProxyAgent({
      ...options,
      uri: address,
      proxyTunnel: false,
      proxyTls: { lookup: createLookup('any', this.#lookUp) } as buildConnector.BuildOptions,
    });
    this.#proxies.set(address, proxy);
    return proxy;
  }
}
