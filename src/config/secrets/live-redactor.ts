import { createRedactor, type Redact } from '../../domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../domain/secrets/url-secrets.ts';
import type { ConfigFile } from '../file/config-file.ts';
import type { Config } from '../file/parse-config.ts';
import type { LookUp } from './references.ts';
import { secretValues } from './secrets.ts';

/**
 * Takes out of messages the secrets given and all that the configuration leads to: as it stands, and as it was, for what was
 * said with a secret that is gone may be on its way still.
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
