import type { PostgresSettings } from '../../../config/environment/postgres-settings.ts';
import type { Archives } from '../../../domain/storage/archive.ts';
import type { Day } from '../../../domain/time/day.ts';
import { messageOf, SinkUnavailable } from '../../../domain/errors.ts';
import {
  planRetirement,
  type DayState,
  type DayTable,
  type RetirementPlan,
} from '../../../domain/storage/retention.ts';
import { archiveDay, ArchiveUnverified } from './archive-day.ts';
import { listDayTables, registerDay, raiseFloor, readDayStates, unregisterDay } from './day-tables.ts';
import { attachDay, detachDay } from './detach-day.ts';
import { maintenanceFailure } from './maintenance-failure.ts';
import { isBlocked, withOwner, withOwnerAlone, type OwnerSession } from './maintenance-session.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { pruneLedger } from './prune-ledger.ts';

/** What retirement does with a day, in this order; each step may be repeated, and a kill between any two does no harm. */
export type RetirementStep = 'mark' | 'detach' | 'archive' | 'note archive' | 'prune' | 'drop' | 'put back';

export interface RetirementOptions {
  readonly owner: PostgresSettings;
  readonly archives: Archives;
  /** The first day that is kept; null = all are, and only what was begun is finished or put back. */
  readonly keptFrom: Day | null;
  readonly signal: AbortSignal;
  /** How long a step waits for other transactions. */
  readonly lockTimeoutMs?: number;
  /** Called before each step. */
  readonly onStep: (step: RetirementStep, day: Day) => void;
}

export interface RetiredDay {
  readonly day: Day;
  /** Null if it was not counted: in a dry run. */
  readonly rows: number | null;
  /** Null if there was no row to archive. */
  readonly archive: string | null;
}

export interface DayProblem {
  readonly day: Day;
  readonly message: string;
}

export interface RetirementResult {
  readonly retired: readonly RetiredDay[];
  /** Days that are kept after all. */
  readonly putBack: readonly Day[];
  /** Days that stay, and why. */
  readonly failed: readonly DayProblem[];
}

/** The days that {@link retireDays} would retire now. */
export async function daysToRetire(owner: PostgresSettings, keptFrom: Day | null): Promise<Day[]> {
  const { retire } = await withOwner(owner, (session) => readPlan(session, keptFrom)).catch((error: unknown) => {
    throw postgresFailure(error, 'days could not be listed');
  });
  return retire.map(({ day }) => day).sort();
}

/**
 * Retires the days that are no longer kept, the oldest first: floor, detach, archive, verify, prune, drop. A day that fails stays,
 * and the next one follows. Half-done days of an earlier call continue.
 * @throws SinkUnavailable if a lock was not available: try again
 */
export async function retireDays(options: RetirementOptions): Promise<RetirementResult> {
  try {
    return await withOwnerAlone(
      options.owner,
      (session) => new Retirement(session, options).run(),
      options.lockTimeoutMs,
    );
  } catch (error) {
    throw maintenanceFailure(error, 'days could not be retired', options.signal);
  }
}

async function readPlan(session: OwnerSession, keptFrom: Day | null): Promise<RetirementPlan> {
  return planRetirement(await listDayTables(session), await readDayStates(session), keptFrom);
}

class Retirement {
  readonly #session: OwnerSession;
  readonly #options: RetirementOptions;
  readonly #retired: RetiredDay[] = [];
  readonly #failed: DayProblem[] = [];
  #pruned = 0;

  constructor(session: OwnerSession, options: RetirementOptions) {
    this.#session = session;
    this.#options = options;
  }

  async run(): Promise<RetirementResult> {
    const { keptFrom, onStep } = this.#options;
    if (keptFrom !== null) await raiseFloor(this.#session, keptFrom);
    const { retire, putBack } = await readPlan(this.#session, keptFrom);
    for (const found of putBack) {
      onStep('put back', found.day);
      await this.#putBack(found);
    }
    const states = await readDayStates(this.#session);
    for (const found of retire) await this.#retire(found, states.get(found.day));
    if (this.#pruned > 0) await this.#session.client.query(`vacuum ${this.#session.table('raw_event_keys')}`);
    return { retired: this.#retired, putBack: putBack.map(({ day }) => day), failed: this.#failed };
  }

  /** A failure other than a lock does not concern the next day. */
  async #retire(found: DayTable, state: DayState | undefined): Promise<void> {
    const { day } = found;
    this.#options.signal.throwIfAborted();
    try {
      await this.#detach(found, state);
      const archived = await this.#archive(day, state);
      if (archived) await this.#remove(day, archived);
    } catch (error) {
      if (isBlocked(error) || this.#options.signal.aborted) throw error;
      const failure = maintenanceFailure(error, `${day} could not be retired`, this.#options.signal);
      if (failure.type === 'SinkUnavailable' && !(await this.#answers())) throw failure;
      this.#failed.push({ day, message: failure.message });
    }
  }

  async #detach(found: DayTable, state: DayState | undefined): Promise<void> {
    const { onStep } = this.#options;
    onStep('mark', found.day);
    if (state === undefined) await registerDay(this.#session, found.day, 'detaching');
    onStep('detach', found.day);
    await detachDay(this.#session, found);
  }

  /** Null if the archive could not be made or does not verify: the day was put back then. */
  async #archive(day: Day, state: DayState | undefined): Promise<{ path: string | null; rows: number } | null> {
    const { archives, owner, signal, onStep } = this.#options;
    try {
      onStep('archive', day);
      // On its own connection: after an interrupted copy a connection cannot be used any more.
      const archived = await withOwner(owner, (reader) =>
        archiveDay(reader, archives, day, state === 'archived', signal),
      );
      onStep('note archive', day);
      if (state !== 'pruning') await registerDay(this.#session, day, 'archived', archived.path);
      return archived;
    } catch (error) {
      if (!(error instanceof ArchiveUnverified || error instanceof SinkUnavailable) || state === 'pruning') throw error;
      // Nothing is gone yet: the day can be read again, and the next rollover makes a new archive.
      await this.#putBack({ day, status: 'detached' });
      this.#failed.push({
        day,
        message: `${messageOf(error)}; nothing was dropped, and the day is back in raw_events`,
      });
      return null;
    }
  }

  async #remove(day: Day, { path, rows }: { path: string | null; rows: number }): Promise<void> {
    const { onStep } = this.#options;
    const { client, partition, table } = this.#session;
    onStep('prune', day);
    await registerDay(this.#session, day, 'pruning', path);
    this.#pruned += await pruneLedger(this.#session, day, () => this.#options.signal.throwIfAborted());
    onStep('drop', day);
    // One message of two statements is one transaction.
    await client.query(`delete from ${table('raw_event_days')} where day = '${day}'; drop table ${partition(day)}`);
    this.#retired.push({ day, rows, archive: path });
  }

  async #putBack(found: DayTable): Promise<void> {
    await attachDay(this.#session, found);
    await unregisterDay(this.#session, found.day);
  }

  async #answers(): Promise<boolean> {
    return this.#session.client.query('select 1').then(
      () => true,
      () => false,
    );
  }
}
