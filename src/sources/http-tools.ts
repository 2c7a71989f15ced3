import type { HostBudget, HostLimit } from '../domain/host-budget.ts';
import { createAccessTokens } from './http/auth.ts';
import type { HttpTools } from './http/fetch-document.ts';
import { createHttpClient, type ProxySettings } from './http/http-client.ts';
import { createRobotsRules } from './http/robots.ts';

export interface HttpToolsOptions {
  readonly version: string;
  readonly proxies: ProxySettings;
  readonly budget: HostBudget;
  readonly limitOf: (host: string) => HostLimit | null;
}

/** Everything that fetching takes, under the name `daybook`. */
export function createHttpTools({ version, proxies, budget, limitOf }: HttpToolsOptions): HttpTools {
  const client = createHttpClient(`daybook/${version}`, proxies);
  const tokens = createAccessTokens(client);
  return { client, tokens, robots: createRobotsRules(client, 'daybook'), budget, limitOf };
}
