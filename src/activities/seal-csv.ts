import { dayOfDate } from '../domain/day.ts';
import { DamagedFile, SinkUnavailable, messageOf } from '../domain/errors.ts';
import { deleteSealed, expiredDays, unsealedDays, type SourceDay } from '../store/journal/past-days.ts';
import { sealDay } from '../store/journal/seal-day.ts';
import { settleAndLog } from './alerts.ts';
import { nothingSecret } from '../domain/redact.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { runAdapter, type AdapterContext } from './run-adapter.ts';

export interface SealCsvInput {
  /** Only look. */
  readonly dryRun: boolean;
}

/** Days of ingestion as `<source> <day>`; of long lists the beginning. */
export interface SealedCsv {
  /** Days that were sealed, or would be. */
  readonly sealed: readonly string[];
  readonly sealedCount: number;
  /** Days with batches that wait for the CSV folder. */
  readonly waiting: readonly string[];
  /** Sealed days deleted by `csv.retention`. */
  readonly deleted: readonly string[];
  /** Files deleted by `dead_letters.retention`. */
  readonly deadLetters: number;
}

/** Days that are named in a history. */
const mostNamed = 100;

/**
 * Seals the past days of the CSV journal, and deletes what `csv.retention` and `dead_letters.retention` let go. Safe to
 * repeat because a day that is sealed has no parts left.
 */
export function createSealCsv(dependencies: ActivityDependencies) {
  return async function sealCsv({ dryRun }: SealCsvInput): Promise<SealedCsv> {
    return runAdapter(nothingSecret, async (context) => {
      const { config, journal, store } = dependencies;
      const now = new Date();
      const { ready, waiting } = await unsealedDays(journal, store, dayOfDate(now));
      const damaged = dryRun ? [] : await sealAll(dependencies, ready, context);
      const { csv, dead_letters: deadLetters } = config.current().config;
      const expired = csv.retention === null ? [] : await expiredDays(journal, ago(now, csv.retention));
      if (!dryRun) for (const day of expired) await deleteSealed(journal, day, context.signal);
      const letters =
        deadLetters.retention === null ? [] : await store.listOlder('dead-letters', ago(now, deadLetters.retention));
      if (!dryRun) for (const path of letters) await store.delete(path);
      // Only now: one damaged file keeps no other day from being sealed.
      if (damaged.length > 0) throw new DamagedFile(damaged.join('; '));
      return {
        ...{ sealed: named(ready), sealedCount: ready.length, waiting: named(waiting) },
        ...{ deleted: named(expired), deadLetters: letters.length },
      };
    });
  };
}

/** @returns what is wrong with days that could not be sealed */
async function sealAll(
  dependencies: ActivityDependencies,
  days: readonly SourceDay[],
  { signal, onProgress }: AdapterContext,
): Promise<string[]> {
  const damaged = new Map<string, string>();
  for (const { source, day } of days) {
    signal.throwIfAborted();
    try {
      const context = { signal, onProgress: (details: object) => onProgress({ source, day, ...details }) };
      await sealDay(dependencies.journal, source, day, context);
    } catch (error) {
      if (signal.aborted) throw error;
      if (!(error instanceof DamagedFile)) {
        throw new SinkUnavailable(`journal: ${source} ${day} could not be sealed: ${messageOf(error)}`, {
          cause: error,
        });
      }
      if (!damaged.has(source)) damaged.set(source, error.message);
    }
  }
  for (const source of new Set(days.map((day) => day.source))) {
    const verdict = { name: 'journal', message: damaged.get(source) ?? null } as const;
    await settleAndLog(dependencies, source, [verdict], nothingSecret);
  }
  return [...damaged.values()];
}

function named(days: readonly SourceDay[]): string[] {
  return days.slice(0, mostNamed).map(({ source, day }) => `${source} ${day}`);
}

function ago(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() - milliseconds);
}
