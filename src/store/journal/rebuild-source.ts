import { hash } from 'node:crypto';
import { csvPart } from '../../formats/csv/csv-part.ts';
import type { CsvRecord } from '../../formats/csv/csv.ts';
import type { Day } from '../../domain/time/day.ts';
import { nothingRebuilt, type RebuildCounts } from '../../domain/storage/journal-rebuild.ts';
import { maxBatchBytes, maxBatchRecords, spooledKeys } from '../delivery/batches.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storePaths } from '../paths/paths.ts';
import type { Journal } from './journal.ts';
import { KeySet } from './key-set.ts';
import { journalUnits, readUnit } from './walk-journal.ts';
import { stopAt } from './read-journal.ts';

/** A row of PostgreSQL, and when it was stored. */
type Row = CsvRecord & { readonly createdAt: string };

export interface RebuildTools {
  readonly journal: Journal;
  readonly store: BlobStore;
  /** Rows of the source that were stored before a time of the database's clock, in the order of their days. */
  readonly rows: (before: string) => AsyncIterable<readonly Row[]>;
  /** The time of the database's clock. */
  readonly databaseTime: () => Promise<string>;
  /** The first day of ingestion that `csv.retention` keeps; null = all. */
  readonly keptSince: Day | null;
  readonly signal: AbortSignal;
  readonly onProgress: (counts: RebuildCounts) => void;
}

/**
 * Writes the rows of a source into the journal whose keys it does not have: as parts of the day on which they were stored, as those
 * of runs are. Safe to repeat, and beside runs. What is in flight counts as written: each batch is in the spool before PostgreSQL
 * has it, and leaves the spool only once the journal has it. So the clock is asked first, the spool is read next, and then the
 * journal; a row that was stored before that time and is in neither is missing.
 * @throws DamagedFile if a file of the journal cannot be read whole: its rows would be written twice
 */
export async function rebuildSource(tools: RebuildTools, source: string): Promise<RebuildCounts> {
  const { journal, signal } = tools;
  return journal.alone(source, signal, () => new Rebuild(tools, source).run());
}

class Rebuild {
  readonly #tools: RebuildTools;
  readonly #source: string;
  #counts = nothingRebuilt;
  #rows: Row[] = [];
  #bytes = 0;

  constructor(tools: RebuildTools, source: string) {
    this.#tools = tools;
    this.#source = source;
  }

  async run(): Promise<RebuildCounts> {
    const { databaseTime, rows } = this.#tools;
    const before = await databaseTime();
    const [waiting, present] = [new KeySet(), new KeySet()];
    try {
      await this.#addSpooled(waiting);
      await this.#addJournal(present);
      return await this.#addMissing(rows(before), waiting, present);
    } finally {
      waiting.close();
      present.close();
    }
  }

  async #addMissing(stored: AsyncIterable<readonly Row[]>, waiting: KeySet, present: KeySet): Promise<RebuildCounts> {
    const { signal, onProgress, keptSince } = this.#tools;
    for await (const some of stored) {
      signal.throwIfAborted();
      for (const row of some) {
        if (!present.add(row.source, row.sourceId)) this.#count('present');
        else if (waiting.has(row.source, row.sourceId)) this.#count('waiting');
        else if (keptSince !== null && dayOf(row) < keptSince) this.#count('expired');
        else await this.#take(row);
      }
      onProgress(this.#counts);
    }
    await this.#flush();
    return this.#counts;
  }

  async #addSpooled(keys: KeySet): Promise<void> {
    const { store, signal } = this.#tools;
    for await (const path of store.walk(storePaths.batch.folder({ source: this.#source }))) {
      signal.throwIfAborted();
      if (storePaths.batch.parse(path) === null) continue;
      for (const sourceId of await spooledKeys(store, path)) keys.add(this.#source, sourceId);
    }
  }

  async #addJournal(keys: KeySet): Promise<void> {
    const { journal, signal, onProgress } = this.#tools;
    const choice = { source: this.#source, window: null, archives: false };
    for (const unit of await journalUnits(journal, choice)) {
      for await (const { rows } of readUnit(journal, unit, choice, stopAt)) {
        signal.throwIfAborted();
        for (const row of rows) keys.add(row.source, row.sourceId);
      }
      onProgress(this.#counts);
    }
  }

  #count(what: 'present' | 'waiting' | 'expired'): void {
    this.#counts = { ...this.#counts, rows: this.#counts.rows + 1, [what]: this.#counts[what] + 1 };
  }

  /** A part holds rows of one day, in the order in which they were stored. */
  async #take(row: Row): Promise<void> {
    const [first] = this.#rows;
    if (first && dayOf(first) !== dayOf(row)) await this.#flush();
    this.#rows.push(row);
    this.#bytes += Buffer.byteLength(row.payload);
    if (this.#rows.length >= maxBatchRecords || this.#bytes >= maxBatchBytes) await this.#flush();
  }

  async #flush(): Promise<void> {
    const rows = this.#rows.splice(0);
    this.#bytes = 0;
    const [first] = rows;
    if (!first) return;
    const { content, check } = csvPart(this.#source, rows);
    const name = { source: this.#source, day: dayOf(first), ingestedAt: first.createdAt, check };
    const { journal } = this.#tools;
    const part = { ...name, hash: hash('sha256', content, 'hex').slice(16, 32) };
    await journal.putPart(journal.paths.part.build(part), content);
    const { rows: all, written, parts } = this.#counts;
    this.#counts = { ...this.#counts, rows: all + rows.length, written: written + rows.length, parts: parts + 1 };
  }
}

function dayOf({ createdAt }: Row): Day {
  return createdAt.slice(0, 10);
}
