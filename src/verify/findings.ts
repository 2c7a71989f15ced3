/** The kinds of differences of a day, and what to do about each. */
export const findingKinds = {
  missing_rows: {
    what: 'keys in CSV without a row',
    remedy:
      'store them with ./daybook replay-csv; those that PostgreSQL refused are in ./daybook dead-letters list --reason unstorable',
  },
  deleted_rows: {
    what: 'keys in the ledger without a row (deleted by hand)',
    remedy: 'delete the keys with ./daybook forget, then restore the rows with ./daybook replay-csv',
  },
  rows_without_csv: {
    what: 'rows without a line in CSV',
    remedy: 'rewrite them with ./daybook rebuild-journal; if csv.retention deleted them, nothing is wrong',
  },
  wrong_keys: {
    what: 'rows whose key in the ledger is missing or has another time',
    remedy: 'rows were written by hand; delete them, or insert their keys into raw_event_keys',
  },
  doubled_rows: { what: 'keys with more than one row', remedy: 'rows were written by hand; delete the later ones' },
  different_payload: {
    what: 'rows whose payload differs from every version in CSV',
    remedy: 'changed by hand? restore the first version with ./daybook forget, then ./daybook replay-csv',
  },
  different_time: {
    what: 'rows whose time differs from every version in CSV',
    remedy: 'changed by hand? restore the first version with ./daybook forget, then ./daybook replay-csv',
  },
  time_rule: {
    what: "rows whose time differs from the source's occurred_at in the payload",
    remedy: 'was occurred_at changed? run ./daybook forget, then fetch the time range again with ./daybook backfill',
  },
  schema: {
    what: "rows that do not match the source's schema",
    remedy: 'was the schema changed? nothing needs to be done unless consumers rely on it',
  },
} as const;

export type FindingKind = keyof typeof findingKinds;

/** Maximum number of keys named per kind. */
const maxListed = 20;

export interface Finding {
  readonly count: number;
  /** The first of them: `<source>/<source_id>`, with a detail where there is one. */
  readonly keys: readonly string[];
}

/** Collects findings: each kind with its count and first keys. */
export class Findings {
  readonly #found = new Map<FindingKind, { count: number; keys: string[] }>();

  add(kind: FindingKind, { source, sourceId }: { source: string; sourceId: string }, detail?: string): void {
    const found = this.#found.get(kind) ?? { count: 0, keys: [] };
    this.#found.set(kind, found);
    found.count++;
    if (found.keys.length < maxListed) {
      found.keys.push(`${source}/${sourceId}${detail === undefined ? '' : `: ${detail}`}`);
    }
  }

  /** The remedies for all kinds that were found. */
  result(): Partial<Record<FindingKind, Finding>> {
    return Object.fromEntries(this.#found);
  }
}
