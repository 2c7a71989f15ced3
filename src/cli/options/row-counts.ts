import { escapeIdentifier } from 'pg';
import type { Day } from '../../domain/time/day.ts';
import type { WindowText } from '../../domain/time/backfill-windows.ts';
import { withClient } from '../../sinks/postgres/connection/client.ts';
import { readFloor } from '../../sinks/postgres/days/day-tables.ts';
import { requirePostgres, type Context } from './context.ts';
import { say } from '../output/output.ts';
import { messageOf } from '../../domain/errors.ts';

/** Rows of a source in each window; null where PostgreSQL cannot be asked. */
export async function countRows(
  context: Context,
  source: string,
  windows: readonly WindowText[],
): Promise<number[] | null> {
  try {
    const settings = requirePostgres(context);
    return await withClient(settings, async (client) => {
      const { rows } = await client.query<{ rows: string }>(
        `select (select count(*) from ${client.escapeIdentifier(settings.schema)}.raw_events
                 where source = $1 and occurred_at >= w."from" and occurred_at < w."to") as rows
         from unnest($2::timestamptz[], $3::timestamptz[]) with ordinality as w("from", "to", place) order by place`,
        [source, windows.map(({ from }) => from), windows.map(({ to }) => to)],
      );
      return rows.map((row) => Number(row.rows));
    });
  } catch (error) {
    say(`rows could not be counted: ${messageOf(error)}`);
    return null;
  }
}

/** The day before which days are retired; null where PostgreSQL cannot be asked. */
export async function readRetiredBefore(context: Context): Promise<Day | null> {
  try {
    const settings = requirePostgres(context);
    const table = (name: string) => `${escapeIdentifier(settings.schema)}.${escapeIdentifier(name)}`;
    return await withClient(settings, (client) => readFloor({ client, table }));
  } catch {
    return null;
  }
}
