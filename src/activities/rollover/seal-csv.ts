import { log } from '@temporalio/activity';
import { dayOfDate } from '../../domain/time/day.ts';
import { DamagedFile, SinkUnavailable, messageOf } from '../../domain/errors.ts';
import { expiredDays, unsealedDays } from '../../store/journal/past-days.ts';
import type { Journal } from '../../store/journal/journal.ts';
import type { JournalDay, SourceDay } from '../../store/journal/journal-file.ts';
import { JournalBusy } from '../../store/journal/seal-context.ts';
import { storePaths } from '../../store/paths/paths.ts';
import { recordAlerts, type AlertTools } from '../alerts/record-alerts.ts';
import { nothingSecret } from '../../domain/secrets/redact.ts';
import { retentionsOf } from '../../config/plan/retentions.ts';
import type { Uses } from '../support/dependencies.ts';
import { NeededDays } from '../fan-out/needed-days.ts';
import { halfMoved } from '../run/rekey-guard.ts';
import { adapterContext, type AdapterContext } from '../support/adapter-context.ts';

export interface SealCsvInput {
  /** Only report. */
  readonly dryRun: boolean;
}

/** Days of ingestion as `<source> <day>`; of long lists the beginning. */
export interface SealedCsv {
  /** Days that were sealed, or would be. */
  readonly sealed: readonly string[];
  readonly sealedCount: number;
  /** Days with deferred batches for the CSV folder, and those that a `for_each` has not passed. */
  readonly waiting: readonly string[];
  /** Sealed days deleted by `csv.retention`. */
  readonly deleted: readonly string[];
  /** Files deleted by `dead_letters.retention`. */
  readonly deadLetters: number;
}

/** Longest text about the damaged files of a source. */
const maxTextLength = 2_000;
/** Maximum number of days named in a history. */
const maxListed = 100;

/**
 * Seals the past days of the CSV journal, and deletes what `csv.retention` and `dead_letters.retention` let go. Safe to
 * repeat because a day that is sealed has no parts left.
 */
export function createSealCsv(dependencies: AlertTools & Uses<'config' | 'journal' | 'fanOut'>) {
  return async function sealCsv({ dryRun }: SealCsvInput): Promise<SealedCsv> {
    const context = adapterContext();
    const { config, journal, store } = dependencies;
    const now = new Date();
    const { ready: past, waiting } = await unsealedDays(journal, store, dayOfDate(now));
    // A key of a part may be the former id of one record, and in the sealed file the new one of another.
    const held = await halfMoved(store, [...new Set(past.map(({ source }) => source))]);
    const needed = new NeededDays(dependencies);
    const ready = await needed.without(
      past.filter(({ source }) => !held.has(source)),
      'parts',
    );
    const damaged = dryRun ? [] : await sealAll(dependencies, ready, context, needed);
    const { csv, deadLetters } = retentionsOf(config.current());
    const expired = csv === null ? [] : await needed.without(await expiredDays(journal, ago(now, csv)), 'sealed');
    if (!dryRun) await needed.recordAlerts(now);
    if (!dryRun) for (const day of expired) await journal.deleteSealed(day, context.signal);
    const letters =
      deadLetters === null ? [] : await store.listOlder(storePaths.deadLetters.folder({}), ago(now, deadLetters));
    if (!dryRun) for (const path of letters) await store.delete(path);
    // Only now: a damaged file must not prevent the sealing of other days.
    if (damaged.length > 0) throw new DamagedFile(damaged.join('; ').slice(0, 2 * maxTextLength));
    return {
      sealed: named(ready),
      sealedCount: ready.length,
      waiting: named([...waiting, ...needed.kept]),
      deleted: named(expired),
      deadLetters: letters.length,
    };
  };
}

/** @returns what is wrong with days that could not be sealed */
async function sealAll(
  dependencies: AlertTools & Uses<'journal'>,
  days: readonly SourceDay[],
  context: AdapterContext,
  needed: NeededDays,
): Promise<string[]> {
  const sealing = new Sealing(dependencies.journal, context, needed);
  // A source locked by another process does not block others.
  const busy = await sealing.run(days, true);
  await sealing.run(busy, false);
  for (const source of new Set(days.map((day) => day.source))) {
    const message = sealing.damaged.get(source)?.join('; ').slice(0, maxTextLength) ?? null;
    // A source that could not be read completely may still be damaged.
    if (message === null && sealing.unsealed.has(source)) continue;
    await recordAlerts(dependencies, source, [{ name: 'journal', message }], nothingSecret);
  }
  if (sealing.failure) throw sealing.failure;
  return [...sealing.damaged.values()].map((messages) => messages.join('; ').slice(0, maxTextLength));
}

class Sealing {
  /** What is wrong with files, by source. */
  readonly damaged = new Map<string, string[]>();
  /** The first other failure: it is retried. */
  failure: SinkUnavailable | null = null;
  /** Sources of which that is so. */
  readonly unsealed = new Set<string>();
  readonly #busy = new Set<string>();
  readonly #journal: Journal;
  readonly #context: AdapterContext;
  readonly #needed: NeededDays;

  constructor(journal: Journal, context: AdapterContext, needed: NeededDays) {
    this.#journal = journal;
    this.#context = context;
    this.#needed = needed;
  }

  /** Seals days one after the other, none of which blocks the others. @returns those of busy sources */
  async run(days: readonly SourceDay[], impatient: boolean): Promise<SourceDay[]> {
    const busy: SourceDay[] = [];
    const { signal } = this.#context;
    for (const one of days) {
      signal.throwIfAborted();
      try {
        const onProgress = (details: object) => this.#report(one, details);
        const mayMerge = (day: JournalDay) => this.#needed.mayMerge(day);
        await this.#journal.sealDay(one, { signal, onProgress, impatient, mayMerge });
      } catch (error) {
        if (signal.aborted) throw error;
        if (error instanceof JournalBusy) busy.push(one);
        else this.#note(one, error);
      }
    }
    return busy;
  }

  #report({ source, day }: SourceDay, details: object): void {
    this.#context.onProgress({ source, day, ...details });
    if (!('waitsFor' in details) || this.#busy.has(source)) return;
    this.#busy.add(source);
    log.info('The journal is busy', { source, day, ...details });
  }

  #note({ source, day }: SourceDay, error: unknown): void {
    if (error instanceof DamagedFile) {
      this.damaged.set(source, [...(this.damaged.get(source) ?? []), error.message]);
      return;
    }
    this.unsealed.add(source);
    const message = `journal: ${source} ${day} could not be sealed: ${messageOf(error)}`;
    this.failure ??= new SinkUnavailable(message, { cause: error });
  }
}

function named(days: readonly SourceDay[]): string[] {
  return days.slice(0, maxListed).map(({ source, day }) => `${source} ${day}`);
}

function ago(now: Date, milliseconds: number): Date {
  return new Date(now.getTime() - milliseconds);
}
