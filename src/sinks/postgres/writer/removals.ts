import { setTimeout as sleep } from 'node:timers/promises';
import { SinkUnavailable } from '../../../domain/errors.ts';
import type { OwnerSession } from '../days/maintenance-session.ts';
import { toPostgresError } from '../connection/postgres-failure.ts';

/**
 * How often records were removed is counted beside the tokens of chunks, under tokens that no chunk has: of a source, and of all at
 * once. A chunk's statement names the count that its attempt began with, and stores nothing where it has grown: it arrived late,
 * and would restore removed records.
 */
export const allRemovals = 'removed/*';

export function removalToken(source: string): string {
  return `removed/${source}`;
}

/** The counts that concern a source. */
export function removalTokens(source: string): readonly string[] {
  return [allRemovals, removalToken(source)];
}

/** The statement that counts a removal; the parameter is its token. */
export function countRemoval(tokens: string): string {
  return `insert into ${tokens} as b (token, written, duplicate) values ($1::text, 1, 0)
    on conflict (token) do update set written = b.written + 1, at = now()`;
}

/** A lock is tried for so often, for two seconds each time: longer than a writer's statement may take. */
const lockTries = 25;
/** Between two tries writers continue. */
const pauseMs = 500;

/**
 * Runs statements in a transaction beside which no chunk is stored: running ones end before it, and later ones wait until it is
 * over, and see what it did. Only writers are blocked.
 * @throws SinkUnavailable if a statement keeps running
 */
export async function besideNoWriter<T>(
  session: OwnerSession,
  work: () => Promise<T>,
  maxTries: number = lockTries,
): Promise<T> {
  const { client, table } = session;
  for (let tries = 1; ; tries++) {
    try {
      await client.query(`begin; lock table ${table('raw_event_keys')} in share row exclusive mode`);
      const result = await work();
      await client.query('commit');
      return result;
    } catch (error) {
      await client.query('rollback').catch(() => undefined);
      if (!isHeld.has(toPostgresError(error).code ?? '')) throw error;
      if (tries >= maxTries) throw await heldBy(session, error);
      await sleep(pauseMs);
    }
  }
}

/** lock_not_available, deadlock_detected */
const isHeld = new Set(['55P03', '40P01']);

async function heldBy({ client, table }: OwnerSession, cause: unknown): Promise<SinkUnavailable> {
  const { rows } = await client.query<{ pid: number; since: string | null; query: string }>(
    `select a.pid, to_char(a.xact_start, 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since, left(a.query, 60) as query
     from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.relation = $1::regclass and l.granted and l.mode not in ('AccessShareLock', 'RowShareLock')
     order by a.xact_start limit 1`,
    [table('raw_event_keys')],
  );
  const [holder] = rows;
  const who = holder ? `: process ${holder.pid} since ${holder.since ?? 'unknown'} (${holder.query})` : '';
  return new SinkUnavailable(
    `postgres: found raw_event_keys or rows in use for long${who}, expected statements that end; end it (select pg_terminate_backend(…)), and run this again`,
    { cause },
  );
}
