import type { ClientBase } from 'pg';
import type { CsvRecord } from '../../../formats/csv/csv.ts';
import { formatMicros, parseIso8601 } from '../../../domain/time/timestamp.ts';

/** Rows fetched at a time; each may hold megabytes. */
const fetchRows = 200;
/** The consumer of the rows may be slow. */
const session = `set local timezone = 'UTC'; set local datestyle = 'ISO'; set local statement_timeout = 0;
  set local idle_in_transaction_session_timeout = 0`;

/** Everything read within it is from one snapshot. */
export async function* inSnapshot<T>(client: ClientBase, read: () => AsyncGenerator<T>): AsyncGenerator<T> {
  await client.query('begin transaction isolation level repeatable read, read only');
  try {
    await client.query(session);
    yield* read();
  } finally {
    await client.query('rollback').catch(() => undefined);
  }
}

/** The rows of a statement, some at a time. Within a transaction, which has one such statement at a time. */
export async function* fetchedRows<T extends object>(
  client: ClientBase,
  statement: string,
  values: readonly unknown[],
): AsyncGenerator<T[]> {
  await client.query(`declare fetched_rows no scroll cursor for ${statement}`, [...values]);
  for (;;) {
    const { rows } = await client.query<T>(`fetch ${fetchRows} from fetched_rows`);
    if (rows.length === 0) break;
    yield rows;
  }
  await client.query('close fetched_rows');
}

/** The same with times in canonical form. */
export async function* cursorRows<T extends CsvRecord>(
  client: ClientBase,
  statement: string,
  values: readonly unknown[],
): AsyncGenerator<T[]> {
  for await (const rows of fetchedRows<T>(client, statement, values)) {
    yield rows.map((row) => ({ ...row, occurredAt: canonical(row.occurredAt) }));
  }
}

/** @throws TypeError for a text that PostgreSQL would not give */
function canonical(text: string): string {
  const time = parseIso8601(text);
  if (!time.ok) throw new TypeError(`${text}: ${time.why}`);
  return formatMicros(time.micros);
}
