/** Formats of a time; any other string is a date-fns pattern. */
export const namedTimeFormats = ['iso8601', 'epoch_s', 'epoch_ms', 'rfc822'] as const;

/** How a record's time is found and read. */
export interface TimePlan {
  /** JMESPath; null = no time in the record, `onMissing` decides. */
  readonly path: string | null;
  /** One of {@link namedTimeFormats} or a date-fns pattern. */
  readonly format: string;
  /** IANA zone of times that name none. */
  readonly timezone: string;
  readonly onMissing: 'reject' | 'fetched_at';
}

/** What all paginators share. */
interface PaginatorLimits {
  /** JMESPath to a value that says whether another page follows; null = not asked. */
  readonly hasMorePath: string | null;
  readonly stopAfterEmptyPage: boolean;
  /** Pages of one run; a run cut by it is `partial`. */
  readonly maxPages: number | null;
}

export type PaginatorPlan = SinglePagePlan | PageNumberPlan;

export interface SinglePagePlan extends PaginatorLimits {
  readonly type: 'single_page';
}

export interface PageNumberPlan extends PaginatorLimits {
  readonly type: 'page_number';
  readonly pageParam: string;
  readonly basePage: number;
  /** JMESPath to the number of pages. */
  readonly totalPath: string | null;
}

export interface IncrementalPlan {
  /** JMESPath to the time in a record that the watermark follows. */
  readonly cursor: string;
  /** How the watermark is written into the parameter, and read from a record. */
  readonly format: string;
  readonly startParam: string;
  readonly endParam: string | null;
  /** ISO time before the first watermark exists. */
  readonly initialValue: string | null;
  /** How far back behind the watermark each poll asks, in milliseconds. */
  readonly lagMs: number;
}

/** Retry policy of a fetch, in milliseconds. */
export interface BackoffPlan {
  readonly maxAttempts: number;
  readonly initialIntervalMs: number;
  readonly backoffCoefficient: number;
  readonly maxIntervalMs: number;
}
