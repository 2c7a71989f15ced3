import { readConfig } from '../../config/file/config-file.ts';
import { environmentSecrets } from '../../config/secrets/environment-secrets.ts';
import { secretValues } from '../../config/secrets/secrets.ts';
import { temporalSettings } from '../../config/environment/temporal-settings.ts';
import { createRedactor, type Redact } from '../../domain/secrets/redact.ts';
import { withoutUrlSecrets } from '../../domain/secrets/url-secrets.ts';
import { createContext, type CommonOptions } from './context.ts';

/**
 * Takes out of what a command says of its surroundings the secrets of the environment and of the configuration, as far as
 * they can be found: what is wrong with one of them may be just what is to be said.
 */
export function commandRedactor(options: CommonOptions): Redact {
  const context = orNull(() => createContext(options));
  const environment = context?.environment;
  const temporal = environment && orNull(() => temporalSettings(environment));
  const config = environment && orNull(() => readConfig(environment.configFile, environment.lookUp));
  const sources = config?.sources ?? [];
  const redact = createRedactor([
    ...(environment ? environmentSecrets(environment, temporal ?? null) : []),
    ...sources.flatMap((source) => (environment && orNull(() => secretValues(source, environment.lookUp))) ?? []),
  ]);
  return (text) => withoutUrlSecrets(redact(text));
}

/** A failure without secrets in its words. */
export function withoutSecrets(error: unknown, options: CommonOptions): unknown {
  if (!(error instanceof Error)) return error;
  const redact = commandRedactor(options);
  error.message = redact(error.message);
  if (error.stack !== undefined) error.stack = redact(error.stack);
  return error;
}

function orNull<T>(find: () => T): T | null {
  try {
    return find();
  } catch {
    return null;
  }
}
