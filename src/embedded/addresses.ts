import type { PostgresSettings } from '../config/environment/postgres-settings.ts';
import type { Environment } from '../config/environment/environment.ts';
import { localTemporalSettings, type TemporalSettings } from '../config/environment/temporal-settings.ts';
import type { Home } from './home/home.ts';

export const embeddedDatabase = 'daybook';
export const embeddedUser = 'daybook';
export const usualPorts = { postgres: 5432, temporal: 7233, temporalUi: 8233 } as const;

/** How the embedded PostgreSQL of a home is reached, whether or not it runs. */
export function embeddedPostgresSettings(home: Home): PostgresSettings {
  return {
    host: '127.0.0.1',
    port: home.ports.postgres ?? usualPorts.postgres,
    database: embeddedDatabase,
    user: embeddedUser,
    password: home.password ?? '',
    sslMode: 'disable',
    schema: 'public',
  };
}

/** @param environment of the process that starts work or reads it */
export function embeddedTemporalSettings(
  home: Home,
  environment?: Pick<Environment, 'codecKeys' | 'fairness'>,
): TemporalSettings {
  const address = `127.0.0.1:${home.ports.temporal ?? usualPorts.temporal}`;
  const { codecKeys = [], fairness = null } = environment ?? {};
  return { ...localTemporalSettings(address), codecKeys, fairness: fairness ?? true };
}

/** Address of the embedded server's Web UI. */
export function embeddedUi(home: Home): string {
  return `http://127.0.0.1:${home.ports.temporalUi ?? usualPorts.temporalUi}`;
}
