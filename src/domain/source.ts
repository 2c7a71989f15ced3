import type { BackoffPlan, IncrementalPlan, PaginatorPlan, TimePlan } from './plan-parts.ts';

/** The kinds of source a configuration may name; not all of them are built yet. */
export const sourceTypes = ['http_json', 'rss', 'html', 'file', 'module'] as const;

/**
 * Everything a run needs to know of its source, with every default filled in and no secret: values that hold one are
 * `${env:NAME}` or `${config:path}` references until an activity resolves them.
 */
export type SourcePlan = HttpJsonPlan | FilePlan;

/** What all kinds of source share. */
export interface SourcePlanBase {
  readonly name: string;
  /** JMESPath expressions; more than one are joined and hashed. */
  readonly id: readonly string[];
  readonly occurredAt: TimePlan;
  readonly limits: RecordLimits;
  readonly onInvalid: 'dead_letter' | 'fail';
  /** Share of rejected records (0..1) above which a run of 20 records or more fails. */
  readonly maxRejectRatio: number;
  readonly allowEmpty: boolean;
  readonly retry: BackoffPlan;
  /** Changes when (type, url, params, paginator, incremental) do: the state starts afresh. */
  readonly fetchFingerprint: string;
  /** Changes when anything else that shapes records does: ETag and previous keys are dropped. */
  readonly shapeFingerprint: string;
}

export interface RecordLimits {
  /** Largest JSON text of one record, in bytes. */
  readonly maxRecordBytes: number;
  /** Furthest a record may lie in the future, in milliseconds. */
  readonly maxAheadMs: number;
  /** Oldest a record may be, in milliseconds; null = any age. */
  readonly maxAgeMs: number | null;
  /** Distinct days of one run. */
  readonly maxNewDays: number;
}

export interface HttpJsonPlan extends SourcePlanBase {
  readonly type: 'http_json';
  readonly url: string;
  readonly params: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** JMESPath to the list of records in a page. */
  readonly records: string;
  readonly paginator: PaginatorPlan;
  readonly incremental: IncrementalPlan | null;
  readonly allowPrivate: boolean;
  /** Deadline of one request, redirects and body included. */
  readonly timeoutMs: number;
  /** Largest decoded body, in bytes. */
  readonly maxBodyBytes: number;
}

export interface FilePlan extends SourcePlanBase {
  readonly type: 'file';
  /** As written: relative to the configuration file. */
  readonly path: string;
  readonly compression: 'none' | 'gzip';
}
