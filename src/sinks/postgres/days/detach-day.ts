import { dayBounds, type DayTable } from '../../../domain/storage/retention.ts';
import type { OwnerSession } from './maintenance-session.ts';

/** From here on a partition can be detached beside readers. */
const concurrentlySince = 140_000;

/** Detaches a day's partition from raw_events; it waits for readers, and does not block them. */
export async function detachDay(session: OwnerSession, { day, status }: DayTable): Promise<void> {
  if (status === 'detached') return;
  const { client, table, partition } = session;
  const detach = `alter table ${table('raw_events')} detach partition ${partition(day)}`;
  const how = status === 'pending' ? ' finalize' : (await canConcurrently(session)) ? ' concurrently' : '';
  await client.query(`${detach}${how}`);
}

async function canConcurrently({ client, table }: OwnerSession): Promise<boolean> {
  const { rows } = await client.query<{ version: number; otherwise: boolean }>(
    `select current_setting('server_version_num')::int as version, exists (
       select from pg_partitioned_table where partrelid = $1::regclass and partdefid <> 0) as otherwise`,
    [table('raw_events')],
  );
  // PostgreSQL refuses it where there is a DEFAULT partition; which is not ours to remove.
  return (rows[0]?.version ?? 0) >= concurrentlySince && rows[0]?.otherwise === false;
}

/**
 * Puts a day's table back, or finishes detaching it first. The lock is that of `ensure_partition`. Its CHECK constraint
 * spares PostgreSQL reading it.
 */
export async function attachDay(session: OwnerSession, found: DayTable): Promise<void> {
  const { client, table, partition } = session;
  const { day, status } = found;
  if (status === 'attached') return;
  if (status === 'pending') await detachDay(session, found);
  const [from, to] = dayBounds(day);
  await client.query('begin');
  try {
    await client.query('select pg_advisory_xact_lock($1::regclass::oid::bigint)', [table('raw_events')]);
    await client.query(
      `alter table ${table('raw_events')} attach partition ${partition(day)} for values from ('${from}') to ('${to}')`,
    );
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
