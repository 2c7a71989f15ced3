import type { Client } from 'pg';
import type { Day } from '../domain/time/day.ts';
import { Findings, type Finding, type FindingKind } from './findings.ts';
import type { JournalSelection } from '../domain/storage/journal.ts';
import { microsOfDay } from '../domain/time/canonical-time.ts';
import { parseIso8601, type Micros } from '../domain/time/timestamp.ts';
import type { TimeRangeText } from '../domain/time/backfill-windows.ts';
import {
  locateKeys,
  readStoredDay,
  type StoredDay,
  type StoredKey,
  type StoredRow,
} from '../sinks/postgres/commands/stored-day.ts';
import { skipped, type StoredVerdict } from '../sources/extraction/stored-check.ts';
import type { Journal } from '../store/journal/journal.ts';
import { KeySet } from '../store/journal/key-set.ts';
import type { JournalRow } from '../store/journal/read-journal.ts';
import { VersionTable } from './version-table.ts';
import { journalUnits, readUnit } from '../store/journal/walk-journal.ts';
import { UsageError } from '../domain/errors.ts';

export interface DayToCompare {
  readonly client: Client;
  readonly schema: string;
  readonly journal: Journal;
  readonly day: Day;
  readonly window: TimeRangeText;
  readonly source: string | null;
  /** Rows whose payloads are compared; null = all. */
  readonly sample: number | null;
  /** Applies the rules of their sources to stored rows with payloads; null if a source is not configured. */
  readonly check: (rows: readonly RowToCheck[]) => Promise<readonly (StoredVerdict | null)[]>;
  /** Called from time to time with the number of lines or rows read. */
  readonly onProgress: (what: 'lines' | 'rows', count: number) => void;
}

export interface RowToCheck {
  readonly source: string;
  readonly payload: string;
  readonly stored: Micros;
}

export interface ComparedDay {
  readonly day: Day;
  readonly source: string | null;
  readonly consistent: boolean;
  readonly csv: { readonly lines: number; readonly keys: number };
  readonly postgres: { readonly rows: number; readonly payloads: number };
  readonly findings: Partial<Record<FindingKind, Finding>>;
  /** Keys of which CSV has a later version in this day; the first is stored in another. */
  readonly storedOnOtherDays: number;
  /** Rows whose expected time or shape the configuration does not define. */
  readonly skipped: { readonly timeRule: number; readonly schema: number };
  /** Files that could not be read whole. */
  readonly damaged: readonly string[];
}

/** Keys per lookup. */
const keysPerBatch = 1_000;

/** Compares what the journal and PostgreSQL hold of a day. Only reads; holds hashes in memory, no records. */
export async function compareDay(input: DayToCompare): Promise<ComparedDay> {
  return new Comparison(input).run();
}

class Comparison {
  readonly #input: DayToCompare;
  readonly #choice: JournalSelection;
  readonly #table = new VersionTable();
  readonly #findings = new Findings();
  readonly #damaged = new Set<string>();
  readonly #dayStart: Micros;
  readonly #skipped = { timeRule: 0, schema: 0 };
  #lines = 0;
  #rows = 0;
  #payloads = 0;
  #otherDays = 0;

  constructor(input: DayToCompare) {
    this.#input = input;
    this.#choice = { source: input.source, window: input.window, archives: false };
    this.#dayStart = microsOf(input.window.from);
  }

  async run(): Promise<ComparedDay> {
    const { client, schema, window, source, day } = this.#input;
    try {
      await readStoredDay(client, schema, window, source, (stored) => this.#compare(stored));
      if (this.#table.hasUnseen()) await this.#findMissing();
    } finally {
      this.#table.close();
    }
    const findings = this.#findings.result();
    return {
      day,
      source,
      consistent: Object.keys(findings).length === 0 && this.#damaged.size === 0,
      csv: {
        lines: this.#lines,
        keys: this.#table.keys,
      },
      postgres: {
        rows: this.#rows,
        payloads: this.#payloads,
      },
      findings,
      storedOnOtherDays: this.#otherDays,
      skipped: this.#skipped,
      damaged: [...this.#damaged],
    };
  }

  async #compare(stored: StoredDay): Promise<void> {
    const { day, sample } = this.#input;
    const retired = await stored.retiredBefore();
    if (retired !== null) {
      throw new UsageError(
        `verify: ${day} is retired (all days before ${retired} are) and not in raw_events; restore it with ./daybook restore --day ${day}`,
      );
    }
    const picked = sample === null ? null : await stored.sample(sample);
    const pickedKeys = picked && new KeySet();
    for (const row of picked ?? []) pickedKeys?.add(row.source, row.sourceId);
    for await (const rows of this.#journal()) {
      this.#lines += rows.length;
      for (const row of rows) {
        const isCompared = pickedKeys === null || pickedKeys.has(row.source, row.sourceId);
        this.#table.add(row.source, row.sourceId, this.#since(row), isCompared ? row.payload : null);
      }
      this.#input.onProgress('lines', this.#lines);
    }
    for await (const rows of stored.rows(picked === null)) {
      this.#rows += rows.length;
      for (const row of rows) this.#judge(row);
      await this.#applyRules(rows);
      this.#input.onProgress('rows', this.#rows);
    }
    for (const row of picked ?? []) this.#judge(row);
    await this.#applyRules(picked ?? []);
    for (const key of await stored.keysWithoutRows()) this.#findings.add('deleted_rows', key);
    for (const key of await stored.rowsWithoutKeys()) this.#findings.add('wrong_keys', key);
    for (const key of await stored.doubledRows()) this.#findings.add('doubled_rows', key);
  }

  /** A row without payload is judged by key and time alone; its payload may follow. */
  #judge(row: StoredRow): void {
    const verdict = this.#table.match(row.source, row.sourceId, this.#since(row), row.payload);
    const isPicked = this.#input.sample !== null && row.payload !== null;
    if (verdict === 'absent' && !isPicked) this.#findings.add('rows_without_csv', row);
    if (verdict === 'time' && !isPicked) this.#findings.add('different_time', row, `stored is ${row.occurredAt}`);
    if (verdict === 'payload') this.#findings.add('different_payload', row);
    if (row.payload !== null) this.#payloads++;
  }

  /** What the present configuration expects of rows. */
  async #applyRules(rows: readonly StoredRow[]): Promise<void> {
    const checked = rows.filter(({ payload }) => payload !== null);
    const verdicts = await this.#input.check(
      checked.map((row) => ({ source: row.source, payload: row.payload ?? '', stored: microsOf(row.occurredAt) })),
    );
    for (const [position, row] of checked.entries()) {
      const verdict = verdicts[position] ?? null;
      if (verdict === null || verdict.time === skipped) this.#skipped.timeRule++;
      else if (verdict.time !== null) this.#findings.add('time_rule', row, verdict.time);
      if (verdict === null || verdict.schema === skipped) this.#skipped.schema++;
      else if (verdict.schema !== null) this.#findings.add('schema', row, verdict.schema);
    }
  }

  /** Looks at keys that have no row in the day: their records may be stored on another day, or since the day was read. */
  async #findMissing(): Promise<void> {
    const keys: StoredKey[] = [];
    for await (const rows of this.#journal()) {
      for (const { source, sourceId } of rows) {
        if (this.#table.takeUnseen(source, sourceId)) keys.push({ source: copyOf(source), sourceId: copyOf(sourceId) });
      }
      if (keys.length >= keysPerBatch) await this.#lookUp(keys.splice(0));
    }
    await this.#lookUp(keys);
  }

  async #lookUp(keys: readonly StoredKey[]): Promise<void> {
    const { client, schema, window } = this.#input;
    for (const [index, place] of (await locateKeys(client, schema, window, keys)).entries()) {
      const key = keys[index];
      if (place === 'unknown' && key) this.#findings.add('missing_rows', key);
      if (place === 'other_day') this.#otherDays++;
    }
  }

  async *#journal(): AsyncGenerator<readonly JournalRow[]> {
    const { journal } = this.#input;
    for (const unit of await journalUnits(journal, this.#choice)) {
      const onDamage = ({ message }: Error) => void this.#damaged.add(message);
      for await (const { rows } of readUnit(journal, unit, this.#choice, onDamage)) if (rows.length > 0) yield rows;
    }
  }

  /** Microseconds since the beginning of the day: few enough for a number. */
  #since({ occurredAt }: { readonly occurredAt: string }): number {
    if (occurredAt.startsWith(this.#input.day)) {
      const since = microsOfDay(occurredAt) ?? microsOfDay(canonicalOf(occurredAt));
      if (since !== null) return since;
    }
    return Number(microsOf(occurredAt) - this.#dayStart);
  }
}

/** What PostgreSQL prints of a time in UTC, in canonical form; another text is of no use. */
function canonicalOf(printed: string): string {
  return `${printed.slice(0, 10)}T${printed.slice(11, 19)}.${printed.slice(20, -3).padEnd(6, '0')}Z`;
}

/** The same text without the file that it was a part of, which would stay in memory. */
function copyOf(text: string): string {
  return Buffer.from(text).toString();
}

/** @throws TypeError for a text that neither the journal nor PostgreSQL would give */
function microsOf(text: string): Micros {
  const time = parseIso8601(text);
  if (!time.ok) throw new TypeError(`${text}: ${time.why}`);
  return time.micros;
}
