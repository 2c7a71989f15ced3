import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import type { Day } from '../../../domain/time/day.ts';
import { SinkUnavailable } from '../../../domain/errors.ts';
import type { IdResult } from '../../../formats/record-id.ts';
import { dayBounds } from '../../../domain/storage/retention.ts';
import { listHalfRetired } from '../days/day-tables.ts';
import { withOwnerAlone, type OwnerSession } from '../days/maintenance-session.ts';
import { MovedLedger } from './moved-ledger.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { besideNoWriter, countRemoval, removalToken } from '../writer/removals.ts';
import { collisionsOf, makeTables, missingOf, noteKeysWithoutRows, type Found } from './rekey-tables.ts';
import { fetchedRows } from '../connection/snapshot-rows.ts';
import { inTransaction } from '../connection/transaction.ts';

/** The id and the payload of what is stored. */
export interface StoredId {
  readonly sourceId: string;
  readonly payload: string;
}

/** What a change of ids would do. */
export interface RekeyFindings {
  /** Rows of the source in raw_events. */
  readonly rows: number;
  /** Those of them whose id becomes another one. */
  readonly moving: number;
  /** UTC days of these. */
  readonly days: readonly Day[];
  /** New ids that several records would share. */
  readonly collisions: Found;
  /** Records in which there is no new id. */
  readonly missing: Found;
}

/** Finds ids in payloads that are stored. */
export type IdsOfPayloads = (payloads: readonly string[]) => Promise<readonly IdResult[]>;

/**
 * Gives the rows of a source new ids, with their keys in the ledger. A row's new id is found in its payload, and does not depend on
 * its present id; that of a key without a row is found once (see `moved-ledger.ts`). So each step may be repeated, and a kill
 * between any two does no harm.
 * @param id by which they get new ones
 * @param idsOf finds these in payloads
 */
export async function withRekey<T>(
  owner: PostgresSettings,
  source: string,
  id: readonly string[],
  idsOf: IdsOfPayloads,
  work: (rekey: Rekey) => Promise<T>,
): Promise<T> {
  return withOwnerAlone(owner, async (session) => {
    const ledger = new MovedLedger(session, source, id);
    const isLedgerMoved = await ledger.isNoted();
    await makeTables(session);
    return work(new Rekey(session, source, idsOf, ledger, isLedgerMoved));
  }).catch((error: unknown) => {
    throw postgresFailure(error, 'ids could not be moved; run it again');
  });
}

export class Rekey {
  readonly #session: OwnerSession;
  readonly #source: string;
  readonly #idsOf: IdsOfPayloads;
  readonly #ledger: MovedLedger;
  /** An interrupted attempt has moved the ledger; perhaps rows, too. */
  readonly isLedgerMoved: boolean;

  constructor(
    session: OwnerSession,
    source: string,
    idsOf: IdsOfPayloads,
    ledger: MovedLedger,
    isLedgerMoved: boolean,
  ) {
    this.#session = session;
    this.#source = source;
    this.#idsOf = idsOf;
    this.#ledger = ledger;
    this.isLedgerMoved = isLedgerMoved;
  }

  /** A time after the `created_at` of all rows stored so far. ISO 8601. */
  async now(): Promise<string> {
    const { rows } = await this.#query<{ now: Date }>(`select clock_timestamp() + interval '1 ms' as now`, []);
    return (rows[0]?.now ?? new Date()).toISOString();
  }

  /** Notes the new id of each row. Nothing is changed. @throws SinkUnavailable if rows are out of reach */
  async readRows(onProgress: (rows: number) => void): Promise<void> {
    const { client, table } = this.#session;
    await this.#refuseHalfRetired();
    let count = 0;
    for (const day of await this.#days()) {
      await client.query('begin');
      const ofDay = fetchedRows<StoredId & { id: string; occurredAt: string }>(
        client,
        `select id::text, occurred_at::text as "occurredAt", source_id as "sourceId", payload::text as payload
         from ${table('raw_events')} where source = $1::text and occurred_at >= $2::timestamptz and occurred_at < $3::timestamptz`,
        [this.#source, ...dayBounds(day)],
      );
      for await (const rows of ofDay) {
        const ids = await this.#newIds(rows);
        await this.#query(
          `insert into pg_temp.rekey_rows select * from unnest($1::bigint[], $2::timestamptz[], $3::text[], $4::text[], $5::text[])`,
          [rows.map((row) => row.id), rows.map((row) => row.occurredAt), rows.map((row) => row.sourceId), ...ids],
        );
        onProgress((count += rows.length));
      }
      await client.query('commit');
    }
    await client.query('create index on pg_temp.rekey_rows (occurred_at); analyze pg_temp.rekey_rows');
  }

  /** Notes the new ids of lines of the journal. */
  async addLines(lines: readonly StoredId[]): Promise<void> {
    const ids = await this.#newIds(lines);
    await this.#query(
      `insert into pg_temp.rekey_lines select distinct * from unnest($1::text[], $2::text[], $3::text[]) on conflict do nothing`,
      [lines.map(({ sourceId }) => sourceId), ...ids],
    );
  }

  /** The summary of what was noted. */
  async findings(): Promise<RekeyFindings> {
    const { client, table } = this.#session;
    await client.query('analyze pg_temp.rekey_lines');
    if (!this.isLedgerMoved) await noteKeysWithoutRows(this.#session, this.#source);
    const { rows } = await client.query<{ rows: string; moving: string }>(
      `select count(*) as rows, count(*) filter (where new_id <> old_id) as moving from pg_temp.rekey_rows`,
    );
    const days = await client.query<{ day: Day }>(
      `select distinct to_char(occurred_at, 'YYYY-MM-DD') as day from pg_temp.rekey_rows where new_id <> old_id order by 1`,
    );
    return {
      rows: Number(rows[0]?.rows),
      moving: Number(rows[0]?.moving),
      days: days.rows.map(({ day }) => day),
      collisions: await collisionsOf(client, table('raw_event_keys'), this.#source),
      missing: await missingOf(client),
    };
  }

  /**
   * Moves what was noted: the ledger as a whole, then the rows day by day. A statement that stores records of the source and
   * arrives late stores nothing from here on (see `removals.ts`).
   */
  async move(days: readonly Day[], onProgress: (rows: number) => void): Promise<number> {
    const { client, table } = this.#session;
    await besideNoWriter(this.#session, () =>
      client.query(countRemoval(table('raw_event_batches')), [removalToken(this.#source)]),
    );
    // A locked row does not make other sessions wait here.
    await client.query(`set lock_timeout = '60s'`);
    if (!this.isLedgerMoved) await this.#moveKeys();
    let moved = 0;
    for (const day of days) {
      const { rowCount } = await this.#query(
        `update ${table('raw_events')} e set source_id = r.new_id from pg_temp.rekey_rows r
         where e.id = r.id and e.occurred_at = r.occurred_at and e.source = $1::text and e.source_id <> r.new_id
           and e.occurred_at >= $2::timestamptz and e.occurred_at < $3::timestamptz
           and r.occurred_at >= $2::timestamptz and r.occurred_at < $3::timestamptz`,
        [this.#source, ...dayBounds(day)],
      );
      onProgress((moved += rowCount ?? 0));
    }
    await client.query(`vacuum ${table('raw_event_keys')}`);
    return moved;
  }

  /** All that was noted is moved, the journal too. */
  async end(): Promise<void> {
    await this.#ledger.clear();
  }

  /** Former ids go, the new ids of all rows come, in one transaction: ids may change places with each other. */
  async #moveKeys(): Promise<void> {
    const { client, table } = this.#session;
    const keys = table('raw_event_keys');
    await inTransaction(client, async () => {
      for (const former of ['rekey_rows', 'rekey_keys']) {
        await this.#query(
          `delete from ${keys} k using pg_temp.${former} r
           where k.source = $1::text and k.source_id = r.old_id and r.old_id <> r.new_id`,
          [this.#source],
        );
      }
      for (const known of ['rekey_rows', 'rekey_keys']) {
        await this.#query(
          `insert into ${keys} (source, source_id, occurred_at)
           select $1::text, new_id, occurred_at from pg_temp.${known} order by new_id on conflict do nothing`,
          [this.#source],
        );
      }
      await this.#ledger.note();
    });
  }

  /** New ids, and why some have none. */
  async #newIds(rows: readonly StoredId[]): Promise<[(string | null)[], (string | null)[]]> {
    const found = await this.#idsOf(rows.map(({ payload }) => payload));
    return [
      found.map((result) => (result.ok ? result.id : null)),
      found.map((result) => (result.ok ? null : result.rejection.message)),
    ];
  }

  /** Days with rows of the source, no matter who created their partitions. */
  async #days(): Promise<Day[]> {
    const { rows } = await this.#query<{ day: Day }>(
      `select distinct to_char(occurred_at, 'YYYY-MM-DD') as day from ${this.#session.table('raw_events')}
       where source = $1::text order by 1`,
      [this.#source],
    );
    return rows.map(({ day }) => day);
  }

  async #refuseHalfRetired(): Promise<void> {
    const held = await listHalfRetired(this.#session);
    if (held.length === 0) return;
    throw new SinkUnavailable(
      `rekey: the retirement of ${held.join(', ')} is incomplete; run ./daybook partitions maintain first, then rekey`,
    );
  }

  async #query<Row extends object>(text: string, values: unknown[]) {
    return this.#session.client.query<Row>(text, values);
  }
}
