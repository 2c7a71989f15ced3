import { withClient } from '../connection/client.ts';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import type { TimeRangeText } from '../../../domain/time/backfill-windows.ts';

/** Rows of a source in each window. */
export async function rowsInWindows(
  settings: PostgresSettings,
  source: string,
  windows: readonly TimeRangeText[],
): Promise<number[]> {
  return withClient(settings, async (client) => {
    const { rows } = await client.query<{ rows: string }>(
      `select (select count(*) from ${client.escapeIdentifier(settings.schema)}.raw_events
               where source = $1 and occurred_at >= w."from" and occurred_at < w."to") as rows
       from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as w("from", "to", place) order by place`,
      [source, windows.map(({ from }) => from), windows.map(({ to }) => to)],
    );
    return rows.map((row) => Number(row.rows));
  });
}
