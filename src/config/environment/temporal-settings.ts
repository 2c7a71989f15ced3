import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';
import { messageOf } from '../../domain/errors.ts';
import { codecKeys, type CodecKey } from './codec-keys.ts';
import type { Environment } from './environment.ts';
import { fairnessFlag } from './flag.ts';
import { InvalidEnvironment } from '../secrets/references.ts';

/** Options that connections of clients and of workers share. */
export type TemporalConnectionOptions = Pick<ConnectionOptions, 'address' | 'tls' | 'metadata'> & {
  readonly apiKey?: string;
};

/** How to reach a Temporal server. */
export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  readonly connection: TemporalConnectionOptions;
  /** What payloads are encrypted with: the first encrypts, all decrypt. @default none */
  readonly codecKeys?: readonly CodecKey[];
  /** Whether work has fairness keys. @default false */
  readonly fairness?: boolean;
}

/**
 * Reads `TEMPORAL_*`, the same variables and profile files as the Temporal CLI does; the API key also from
 * `TEMPORAL_API_KEY_FILE`.
 * @throws InvalidEnvironment
 */
export function temporalSettings({ variables, lookUp }: Pick<Environment, 'variables' | 'lookUp'>): TemporalSettings {
  const apiKeyGiven = lookUp('TEMPORAL_API_KEY');
  // As everywhere, an empty variable is one that is not set.
  const set = Object.entries(variables).flatMap(([name, value]): [string, string][] =>
    value === undefined || (value === '' && name.startsWith('TEMPORAL_')) ? [] : [[name, value]],
  );
  const { connectionOptions, namespace } = load({
    ...Object.fromEntries(set),
    ...(apiKeyGiven ? { TEMPORAL_API_KEY: apiKeyGiven } : {}),
  });
  const { address, tls, metadata, apiKey } = connectionOptions;
  const keys = codecKeys(lookUp);
  return {
    address: address ?? 'localhost:7233',
    namespace: namespace ?? 'default',
    ...(keys.length === 0 ? {} : { codecKeys: keys }),
    ...(fairnessFlag(lookUp) === true ? { fairness: true } : {}),
    connection: {
      ...(address === undefined ? {} : { address }),
      ...(tls === undefined ? {} : { tls }),
      ...(metadata === undefined ? {} : { metadata }),
      ...(typeof apiKey === 'string' ? { apiKey } : {}),
    },
  };
}

function load(variables: Record<string, string>): ReturnType<typeof loadClientConnectConfig> {
  try {
    return loadClientConnectConfig({ overrideEnvVars: variables });
  } catch (error) {
    throw new InvalidEnvironment(
      `TEMPORAL_*: cannot be used: ${messageOf(error)}; use the same variables as for the Temporal CLI, see docs/configuration.md`,
    );
  }
}

/** Settings of a server without TLS on this machine. */
export function localTemporalSettings(address: string, namespace = 'default'): TemporalSettings {
  return { address, namespace, connection: { address } };
}
