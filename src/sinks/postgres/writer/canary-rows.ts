import { escapeIdentifier, type Pool, type PoolClient } from 'pg';
import { canarySource } from '../../../domain/names.ts';
import type { SpooledRecord } from '../../../domain/run/record.ts';
import { withConnection } from '../connection/connection.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';

/** What canaries have in the database. */
export interface CanaryRows {
  /**
   * Reads a record back by its key. Null = there is one key and one row, with its time and payload; else what was found.
   * @throws SinkUnavailable, SinkMisconfigured
   */
  problemOf(record: SpooledRecord): Promise<string | null>;
  /** Ids of canaries that have a key. @throws the same */
  ids(): Promise<string[]>;
  /** Removes keys, rows and tokens of canaries. @throws the same */
  clear(ids: readonly string[]): Promise<void>;
}

export function createCanaryRows(pool: Pool, schema: string): CanaryRows {
  const table = (name: string) => `${escapeIdentifier(schema)}.${name}`;
  const isIt = 'source = $1::text and source_id = $2::text and occurred_at = $3::timestamptz';
  const readBack = `select (select count(*) from ${table('raw_event_keys')} where ${isIt}) as keys, count(*) as rows,
    count(*) filter (where payload = $4::jsonb) as equal from ${table('raw_events')} where ${isIt}`;

  async function ask<T>(what: string, work: (client: PoolClient) => Promise<T>): Promise<T> {
    try {
      return await withConnection(pool, work);
    } catch (error) {
      throw postgresFailure(error, what);
    }
  }

  return {
    async problemOf({ sourceId, occurredAt, payload }) {
      const { rows } = await ask('the canary could not be read back', (client) =>
        client.query<{ keys: string; rows: string; equal: string }>(readBack, [
          canarySource,
          sourceId,
          occurredAt,
          payload,
        ]),
      );
      const [keys, found, equal] = [rows[0]?.keys, rows[0]?.rows, rows[0]?.equal].map(Number);
      if (keys !== 1 || found !== 1) return `found ${keys} keys and ${found} rows of it, expected one of each`;
      return equal === 1 ? null : 'the payload of its row differs from the fetched one';
    },
    async ids() {
      const text = `select source_id from ${table('raw_event_keys')} where source = $1::text`;
      const { rows } = await ask('canaries could not be listed', (client) =>
        client.query<{ source_id: string }>(text, [canarySource]),
      );
      return rows.map((row) => row.source_id);
    },
    async clear(ids) {
      const text = `select ${table('canary_cleanup')}($1::text[])`;
      await ask('canaries could not be removed', (client) => client.query(text, [ids]));
    },
  };
}
