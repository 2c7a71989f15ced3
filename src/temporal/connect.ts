import { Connection, type Client } from '@temporalio/client';
import type { TemporalSettings } from '../config/environment/temporal-settings.ts';
import { CannotStart } from '../domain/errors.ts';
import { createClient } from './client.ts';
import { retriedCalls } from './retried-calls.ts';
import { explainLoss, explainRefusal, explainUnreachable } from './explain-failure.ts';

/**
 * Runs work with a client of the Temporal server.
 * @throws CannotStart if the server cannot be reached, does not know the namespace, refuses the key, or becomes unavailable in
 * between
 */
export async function withTemporal<T>(settings: TemporalSettings, work: (client: Client) => Promise<T>): Promise<T> {
  let connection: Connection;
  try {
    connection = await Connection.connect({ ...settings.connection, connectTimeout: '5s', interceptors: retriedCalls });
  } catch (error) {
    throw new CannotStart(await explainUnreachable(settings, error));
  }
  try {
    return await work(createClient(connection, settings));
  } catch (error) {
    throw explainRefusal(settings, error) ?? explainLoss(settings, error) ?? error;
  } finally {
    await connection.close();
  }
}
