import { createRedactor, type Redact } from '../../domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../domain/secrets/url-secrets.ts';
import type { ConfigFile } from '../file/config-file.ts';
import type { Config } from '../file/parse-config.ts';
import type { LookUp } from './references.ts';
import { secretValues } from './secrets.ts';

/**
 * Removes the given secrets from messages, and all secrets of the configuration: the present ones and the former ones, because
 * messages with a former secret may still be on their way.
 */
export function createLiveRedactor(config: ConfigFile, lookUp: LookUp, others: readonly string[]): Redact {
  const secrets = new Set(others);
  let seen: Config | null = null;
  let redact = createRedactor(secrets);
  return (text) => {
    const current = config.lastGood();
    if (current !== seen) {
      seen = current;
      for (const source of current.sources) for (const secret of secretValues(source, lookUp)) secrets.add(secret);
      redact = createRedactor(secrets);
    }
    return withoutUrlSecrets(redact(text));
  };
}
