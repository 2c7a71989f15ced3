import { escapeLiteral } from 'pg';
import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import { partitionName, type Day } from '../../../domain/time/day.ts';
import { DaybookError, messageOf, SinkUnavailable } from '../../../domain/errors.ts';
import { isBlocked, withOwner, withOwnerAlone, type OwnerSession } from './maintenance-session.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import type { DayProblem } from './retire-days.ts';

/** See `partitions.payload_index`. */
export type PayloadIndex = 'immediate' | 'sealed' | 'none';

export interface PayloadIndexChanges {
  /** Days whose index was built. */
  readonly built: readonly Day[];
  /** Days whose index was dropped on its own. */
  readonly dropped: readonly Day[];
  /** What happened to the index of raw_events, which all its partitions inherit. */
  readonly parent: 'kept' | 'made' | 'dropped';
  readonly failed: readonly DayProblem[];
}

export interface PayloadIndexOptions {
  readonly owner: PostgresSettings;
  readonly mode: PayloadIndex;
  /** Days before it are past. */
  readonly today: Day;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  readonly onDay: (day: Day) => void;
}

interface PartitionIndex {
  readonly day: Day;
  /** Null = it has none. */
  readonly index: { readonly valid: boolean; readonly inherited: boolean } | null;
}

const parentIndex = 'raw_events_payload_idx';

/**
 * Brings the indexes of payloads up to date with the configuration, without blocking writers: those of days are built and dropped
 * `concurrently`, and locks on raw_events itself are awaited for two seconds at most. May be repeated, and continues after a kill;
 * a half-built index is built again.
 * @throws SinkUnavailable if a lock was not available: try again
 */
export async function convergePayloadIndex(options: PayloadIndexOptions): Promise<PayloadIndexChanges> {
  const { owner, dryRun } = options;
  try {
    return await (dryRun ? withOwner : withOwnerAlone)(owner, (session) => new Converging(session, options).run());
  } catch (error) {
    if (error instanceof DaybookError || options.signal.aborted) throw error;
    if (!isBlocked(error)) throw postgresFailure(error, 'payload indexes could not be changed');
    throw new SinkUnavailable(`postgres: payload indexes could not be changed yet: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

class Converging {
  readonly #session: OwnerSession;
  readonly #options: PayloadIndexOptions;
  readonly #built: Day[] = [];
  readonly #dropped: Day[] = [];
  readonly #failed: DayProblem[] = [];

  constructor(session: OwnerSession, options: PayloadIndexOptions) {
    this.#session = session;
    this.#options = options;
  }

  async run(): Promise<PayloadIndexChanges> {
    const { mode, today } = this.#options;
    const parent = mode === 'immediate' ? await this.#makeParent() : await this.#dropParent();
    const days = mode === 'immediate' ? [] : (await this.#list()).filter(({ day }) => day < today);
    for (const { day, index } of days) {
      // In a dry run the index of the parent is still there, and what it covers stands for nothing.
      const present = parent === 'dropped' && index?.inherited ? null : index;
      if (mode === 'sealed' && !present?.valid) await this.#each(day, this.#built, () => this.#build(day));
      if (mode === 'none' && present) await this.#each(day, this.#dropped, () => this.#drop(day));
    }
    return { built: this.#built, dropped: this.#dropped, parent, failed: this.#failed };
  }

  /** Each day's index is built first; then the parent only has to take them in. */
  async #makeParent(): Promise<PayloadIndexChanges['parent']> {
    if ((await this.#parentState()) === 'valid') return 'kept';
    const { client, table } = this.#session;
    for (const { day, index } of await this.#list()) {
      if (!index?.valid) await this.#each(day, this.#built, () => this.#build(day));
    }
    if (this.#options.dryRun || this.#failed.length > 0) return this.#options.dryRun ? 'made' : 'kept';
    if ((await this.#parentState()) === 'absent') {
      await client.query(`create index ${parentIndex} on only ${table('raw_events')} using gin (payload)`);
    }
    for (const { day, index } of await this.#list()) {
      if (index?.inherited) continue;
      await client.query(`alter index ${table(parentIndex)} attach partition ${this.#name(day)}`);
    }
    return 'made';
  }

  /** Drops the indexes of all days with it. */
  async #dropParent(): Promise<PayloadIndexChanges['parent']> {
    if ((await this.#parentState()) === 'absent') return 'kept';
    if (!this.#options.dryRun) await this.#session.client.query(`drop index ${this.#session.table(parentIndex)}`);
    return 'dropped';
  }

  async #each(day: Day, done: Day[], work: () => Promise<void>): Promise<void> {
    this.#options.signal.throwIfAborted();
    this.#options.onDay(day);
    try {
      if (!this.#options.dryRun) await work();
      done.push(day);
    } catch (error) {
      if (isBlocked(error)) throw error;
      this.#failed.push({ day, message: `postgres: payload index of ${day}: ${messageOf(error)}` });
    }
  }

  async #build(day: Day): Promise<void> {
    await this.#drop(day);
    await this.#session.client.query(
      `create index concurrently ${partitionName(day)}_payload_idx on ${this.#session.partition(day)} using gin (payload)`,
    );
  }

  async #drop(day: Day): Promise<void> {
    await this.#session.client.query(`drop index concurrently if exists ${this.#name(day)}`);
  }

  #name(day: Day): string {
    return this.#session.table(`${partitionName(day)}_payload_idx`);
  }

  async #parentState(): Promise<'absent' | 'invalid' | 'valid'> {
    const { rows } = await this.#session.client.query<{ valid: boolean }>(
      `select indisvalid as valid from pg_index where indexrelid = to_regclass(${escapeLiteral(this.#session.table(parentIndex))})`,
    );
    return rows[0] ? (rows[0].valid ? 'valid' : 'invalid') : 'absent';
  }

  async #list(): Promise<PartitionIndex[]> {
    const { rows } = await this.#session.client.query<{ day: Day; valid: boolean | null; inherited: boolean }>(
      `select replace(substr(c.relname, 12), '_', '-') as day, x.indisvalid and x.indisready as valid,
              exists (select from pg_inherits where inhrelid = x.indexrelid) as inherited
       from pg_inherits i join pg_class c on c.oid = i.inhrelid
       left join pg_class n on n.relname = c.relname || '_payload_idx' and n.relnamespace = c.relnamespace
       left join pg_index x on x.indexrelid = n.oid and x.indrelid = c.oid
       where i.inhparent = $1::regclass and c.relkind = 'r' and c.relname ~ '^raw_events_\\d{4}_\\d\\d_\\d\\d$'
       order by 1`,
      [this.#session.table('raw_events')],
    );
    return rows.map(({ day, valid, inherited }) => ({ day, index: valid === null ? null : { valid, inherited } }));
  }
}
