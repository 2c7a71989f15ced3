import type { HostBudget, HostLimit } from '../../domain/plan/host-budget.ts';
import type { TokenChains } from '../../domain/plan/token-chain.ts';
import type { Metrics } from '../../domain/run/metrics.ts';
import { createAccessTokens } from './auth.ts';
import type { HttpTools } from './fetch-document.ts';
import { createHttpClient, type HttpClient } from './http-client.ts';
import { createRobotsRules } from './robots.ts';
import type { ProxySettings } from '../../formats/proxy-route.ts';

export interface HttpToolsOptions {
  readonly version: string;
  readonly proxies: ProxySettings;
  readonly budget: HostBudget;
  readonly limitOf: (host: string) => HostLimit | null;
  readonly measures: Metrics;
  /** Refresh tokens that are kept. @default none can be used */
  readonly tokenChains?: TokenChains;
  /** Makes a path of the configuration absolute. @default as it is */
  readonly resolvePath?: (path: string) => string;
}

/** All parts for fetching, under the name `daybook`. */
export function createHttpTools(options: HttpToolsOptions): HttpTools {
  const { version, proxies, budget, limitOf, measures, tokenChains, resolvePath } = options;
  const client = measured(createHttpClient(`daybook/${version}`, proxies, undefined, resolvePath), measures);
  const tokens = createAccessTokens(client, { budget, ...(tokenChains ? { chains: tokenChains } : {}) });
  return { client, tokens, robots: createRobotsRules(client, 'daybook'), budget, limitOf, measures };
}

/** Counts answers by who asked: also those of robots.txt and of token endpoints are the source's. */
function measured(client: HttpClient, measures: Metrics): HttpClient {
  return {
    ...client,
    async send(request, signal) {
      const source = request.subject.replace(/ .*/, '');
      try {
        const response = await client.send(request, signal);
        measures.answered(source, response.status);
        return response;
      } catch (error) {
        // An abort shows nothing about the server.
        if (!signal.aborted) measures.answered(source, null);
        throw error;
      }
    },
  };
}
