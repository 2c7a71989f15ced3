import type { CsvRecord } from '../../formats/csv/csv.ts';

/** A record with the line on which it ends. */
export interface JournalRow extends CsvRecord {
  readonly line: number;
  /** When it was stored, as an archive has it; absent elsewhere. */
  readonly createdAt?: string;
}

/** The positions of the columns in a row. */
export interface Layout {
  readonly header: string;
  readonly columns: number;
  readonly source: number;
  readonly sourceId: number;
  readonly occurredAt: number;
  readonly payload: number;
  /** Null = there is none. */
  readonly createdAt: number | null;
}

export const journalLayout: Layout = {
  header: 'source,source_id,occurred_at,payload',
  columns: 4,
  source: 0,
  sourceId: 1,
  occurredAt: 2,
  payload: 3,
  createdAt: null,
};

export const archiveLayout: Layout = {
  header: 'id,source,source_id,occurred_at,payload,created_at,processed',
  columns: 7,
  source: 1,
  sourceId: 2,
  occurredAt: 3,
  payload: 4,
  createdAt: 5,
};

/** Rows that are handed on at a time. */
export const rowsPerRead = 1_000;

/** A row of its cells. */
export function journalRow(cells: readonly string[], occurredAt: string, line: number, layout: Layout): JournalRow {
  const row = {
    source: cells[layout.source] ?? '',
    sourceId: cells[layout.sourceId] ?? '',
    occurredAt,
    payload: cells[layout.payload] ?? '',
    line,
  };
  return layout.createdAt === null ? row : { ...row, createdAt: cells[layout.createdAt] ?? '' };
}
