import { escapeIdentifier } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import type { Day } from '../../../domain/time/day.ts';
import { withClient } from '../connection/client.ts';
import { readFloor } from '../days/day-tables.ts';

/** The day before which days are retired. */
export async function retiredBefore(settings: PostgresSettings): Promise<Day> {
  const table = (name: string) => `${escapeIdentifier(settings.schema)}.${escapeIdentifier(name)}`;
  return withClient(settings, (client) => readFloor({ client, table }));
}
