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
import type { TlsMaterial } from '../auth/tls-files.ts';

/** Of all headers of an answer together. */
export const maxHeaderBytes = 64 * 1024;
/** Connections to one origin at a time, from one worker: what browsers allow themselves, and a little more. */
const connectionsPerOrigin = 10;

/** Agents with certificates that are kept open. */
const maxWithTls = 100;

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
  /** Those with a certificate or authorities of their own. */
  readonly #withTls = new Map<string, Dispatcher>();
  readonly #lookUp: NameLookup | undefined;

  constructor(lookUp?: NameLookup) {
    this.#lookUp = lookUp;
    const agent = (reach: Reach) => this.#agent(reach);
    this.#direct = { any: agent('any'), public: agent('public'), 'not-link-local': agent('not-link-local') };
  }

  /**
   * The dispatcher of a request, which allows only permitted addresses.
   * @param subject who asks, for messages
   * @param tls what its connections prove themselves with, and what they trust; null = well-known authorities
   * @throws PrivateAddress if the URL itself says that it may not be asked
   */
  of(url: URL, { proxy }: Route, reach: Reach, subject: string, tls: TlsMaterial | null = null): Dispatcher {
    if (proxy === null) {
      assertHostAllowed(url, reach, subject);
      if (tls === null) return this.#direct[reach];
      return this.#kept(`${reach} ${tls.hash}`, () => this.#agent(reach, tls));
    }
    assertAllowedByProxy(url, reach, subject);
    assertHostAllowed(new URL(proxy), 'any', `the proxy of ${subject}`);
    if (tls === null) return this.#through(proxy);
    return this.#kept(`${proxy} ${tls.hash}`, () => this.#proxy(proxy, tls));
  }

  async close(): Promise<void> {
    const all = [...Object.values(this.#direct), ...this.#proxies.values(), ...this.#withTls.values()];
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  #through(address: string): Dispatcher {
    const known = this.#proxies.get(address);
    if (known) return known;
    const proxy = this.#proxy(address);
    this.#proxies.set(address, proxy);
    return proxy;
  }

  /** Few are in use at a time: an old one, whose certificate was replaced, is closed once its requests are over. */
  #kept(key: string, make: () => Dispatcher): Dispatcher {
    const known = this.#withTls.get(key) ?? make();
    // The last in use comes last.
    this.#withTls.delete(key);
    this.#withTls.set(key, known);
    const [oldest] = this.#withTls;
    if (this.#withTls.size > maxWithTls && oldest) {
      this.#withTls.delete(oldest[0]);
      oldest[1].close().catch(() => undefined);
    }
    return known;
  }

  #agent(reach: Reach, tls: TlsMaterial | null = null): Agent {
    return new Agent({ ...options, connect: createConnector(reach, this.#lookUp, tls?.options) });
  }

  #proxy(uri: string, tls: TlsMaterial | null = null): ProxyAgent {
    // A plain request goes to the proxy as such: many refuse a tunnel to port 80.
    return new ProxyAgent({
      ...options,
      uri,
      proxyTunnel: false,
      proxyTls: { lookup: createLookup('any', this.#lookUp) } as buildConnector.BuildOptions,
      ...(tls === null ? {} : { requestTls: tls.options as buildConnector.BuildOptions }),
    });
  }
}
