import type { CsvRecord } from '../../formats/csv/csv.ts';
import { addDays } from '../../domain/time/day.ts';
import { maxBatchBytes, maxBatchRecords } from '../delivery/batches.ts';
import type { JournalFile } from './journal-file.ts';
import { KeySet } from './key-set.ts';
import { readJournal } from './read-journal.ts';
import type { PartName } from '../paths/paths.ts';
import type { RepairTools } from './repair-tools.ts';
import { journalUnits, readUnit } from './walk-journal.ts';

/** The rows that are missing from the journal while a part of it is damaged. */
export class MissingRows {
  /** Rows taken from the damaged part. */
  unchecked = 0;
  readonly #tools: RepairTools;
  readonly #part: JournalFile;
  readonly #name: PartName;
  #rows: CsvRecord[] = [];
  #bytes = 0;

  constructor(tools: RepairTools, part: JournalFile, name: PartName) {
    this.#tools = tools;
    this.#part = part;
    this.#name = name;
  }

  /** In pieces of a part's size. */
  async *pieces(): AsyncGenerator<CsvRecord[]> {
    const keys = new KeySet();
    try {
      await this.#addOtherKeys(keys);
      yield* this.#missingFrom(keys);
    } finally {
      keys.close();
    }
  }

  async *#missingFrom(keys: KeySet): AsyncGenerator<CsvRecord[]> {
    const { rowsSince, signal } = this.#tools;
    const { source, day } = this.#name;
    const readable = await this.#readable(keys);
    // The clocks of worker and server may differ.
    for await (const some of rowsSince(source, new Date(`${addDays(day, -1)}T00:00:00Z`))) {
      signal.throwIfAborted();
      for (const row of some) {
        readable.delete(row.sourceId);
        if (keys.add(row.source, row.sourceId) && this.#take(row)) yield this.#flush();
      }
    }
    this.unchecked = readable.size;
    for (const row of readable.values()) if (this.#take(row)) yield this.#flush();
    if (this.#rows.length > 0) yield this.#flush();
  }

  /** @returns whether the piece is full */
  #take(row: CsvRecord): boolean {
    this.#rows.push(row);
    this.#bytes += Buffer.byteLength(row.payload);
    return this.#rows.length >= maxBatchRecords || this.#bytes >= maxBatchBytes;
  }

  #flush(): CsvRecord[] {
    this.#bytes = 0;
    return this.#rows.splice(0);
  }

  /** The keys in other files of the journal, without damaged ones: another repair restores those. */
  async #addOtherKeys(keys: KeySet): Promise<void> {
    const { journal } = this.#tools;
    const choice = { source: this.#name.source, window: null, archives: false };
    for (const unit of await journalUnits(journal, choice)) {
      for await (const { file, rows } of readUnit(journal, unit, choice, () => {})) {
        if (file.name !== this.#part.name) for (const row of rows) keys.add(row.source, row.sourceId);
      }
    }
  }

  /** What can still be read of the damaged part and is nowhere else, by id. */
  async #readable(others: KeySet): Promise<Map<string, CsvRecord>> {
    const found = new Map<string, CsvRecord>();
    for await (const rows of readJournal({ ...this.#part, check: null }, () => {})) {
      for (const { source, sourceId, occurredAt, payload } of rows) {
        const isOther = source !== this.#name.source || others.has(source, sourceId) || found.has(sourceId);
        if (!isOther && isJson(payload)) found.set(sourceId, { source, sourceId, occurredAt, payload });
      }
    }
    return found;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
