import { Client, Connection } from '@temporalio/client';
import type { TemporalSettings } from '../config/temporal-settings.ts';
import { messageOf } from '../domain/errors.ts';
import { CannotStart } from './cannot-start.ts';

/**
 * Runs work with a client of the Temporal server.
 * @throws CannotStart where the server cannot be reached
 */
export async function withTemporal<T>(settings: TemporalSettings, work: (client: Client) => Promise<T>): Promise<T> {
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...settings.connection, connectTimeout: '5s' });
  } catch (error) {
    throw new CannotStart(
      `temporal: ${settings.address} cannot be reached (${messageOf(error)}), expected a server; check TEMPORAL_ADDRESS`,
    );
  }
  try {
    return await work(new Client({ connection, namespace: settings.namespace }));
  } finally {
    await connection.close();
  }
}
