import type { HostLimit } from '../../domain/plan/host-budget.ts';
import type { ConfigFile } from '../file/config-file.ts';
import { hostLimits } from './host-limits.ts';
import type { Config } from '../file/parse-config.ts';
import type { LookUp } from '../secrets/references.ts';

/** The limits of the present configuration, computed once per change; null = the host has none. */
export function createLiveHostLimits(config: ConfigFile, lookUp: LookUp): (host: string) => HostLimit | null {
  let seen: Config | null = null;
  let limits: ReadonlyMap<string, HostLimit> = new Map();
  return (host) => {
    const current = config.lastGood();
    if (current !== seen) [seen, limits] = [current, hostLimits(current, lookUp)];
    return limits.get(host) ?? null;
  };
}
