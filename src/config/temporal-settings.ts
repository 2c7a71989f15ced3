import { loadClientConnectConfig } from '@temporalio/envconfig';
import type { ConnectionOptions } from '@temporalio/client';

/** How to reach a Temporal server. */
export interface TemporalSettings {
  readonly address: string;
  readonly namespace: string;
  /** Options for a connection: address, TLS, API key. */
  readonly connection: ConnectionOptions;
}

/** Reads `TEMPORAL_*`, the same variables and profile files as the Temporal CLI does. */
export function temporalSettings(): TemporalSettings {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return {
    address: connectionOptions.address ?? 'localhost:7233',
    namespace: namespace ?? 'default',
    connection: connectionOptions,
  };
}

/** Settings of a server without TLS on this machine. */
export function localTemporalSettings(address: string, namespace = 'default'): TemporalSettings {
  return { address, namespace, connection: { address } };
}
