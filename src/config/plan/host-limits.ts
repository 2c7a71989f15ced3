import { stricter, type HostLimit } from '../../domain/plan/host-budget.ts';
import type { Config } from '../file/parse-config.ts';
import { exportUrls } from '../schema/export-schema.ts';
import type { HttpJsonConfig } from '../schema/source-schemas.ts';
import { addressOf } from '../secrets/address-of.ts';
import { resolveReferences, type LookUp } from '../secrets/references.ts';

/** Whether the `rate_limit` of a source is that of each of its keys. */
function holdsForKeys({ auth }: Pick<HttpJsonConfig, 'auth'>): boolean {
  return auth?.type === 'api_key' && auth.api_keys !== undefined;
}

/** The strictest `rate_limit` that the sources of each host have: it holds for all of them. */
export function hostLimits({ sources }: Config, lookUp: LookUp): ReadonlyMap<string, HostLimit> {
  const limits = new Map<string, HostLimit>();
  for (const source of sources) {
    const address = addressOf(source);
    if (address === null || !('rate_limit' in source) || !source.rate_limit) continue;
    if ('auth' in source && holdsForKeys(source)) continue;
    const { requests, per: perMs } = source.rate_limit;
    // An address that a record gives has no host of its own.
    const written = [address, ...exportUrls('export' in source ? source.export : undefined)];
    const urls = written.map((url) => resolveReferences(url, lookUp));
    for (const url of [...urls, ...('origins' in source ? (source.origins ?? []) : [])]) {
      if (!URL.canParse(url)) continue;
      const { host } = new URL(url);
      const limit = stricter(limits.get(host) ?? null, { requests, perMs });
      if (limit) limits.set(host, limit);
    }
  }
  return limits;
}
