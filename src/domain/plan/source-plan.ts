import type { ComputeLimits } from './compute-limits.ts';
import type { FanOutPlan } from './for-each.ts';
import type { ExportPlan, RequestMethod } from './export-plan.ts';
import type { DetailPlan, FieldPlans, ItemsPlan } from './html-plan.ts';
import type { AuthPlan, TlsPlan } from './auth-plan.ts';
import type { BackoffPlan, IncrementalPlan, PaginatorPlan, ResponseRule, TimePlan } from './plan-parts.ts';
import type { ShapingPlan } from './shaping-plan.ts';

/** What a source may be called: also a folder name, a workflow id part and a fairness key (64 bytes at most). */
export const sourceNamePattern = /^[a-z0-9][a-z0-9_-]{0,62}$/;

/** The kinds of source that a configuration may name. */
export const sourceTypes = ['http_json', 'http', 'graphql', 'rss', 'html', 'file', 'module'] as const;

/** Formats of a body over HTTP. */
export const httpFormats = ['json', 'ndjson', 'csv', 'xml', 'xlsx'] as const;
export type HttpFormat = (typeof httpFormats)[number];

/**
 * Everything a run needs to know of its source, with every default filled in and no secret: values that hold one are
 * `${env:NAME}` or `${config:path}` references until an activity resolves them.
 */
export type SourcePlan = HttpPlan | FilePlan | ModulePlan;

/** Sources that are fetched over HTTP. */
export type HttpPlan = HttpJsonPlan | HttpFormatPlan | RssPlan | HtmlPlan;

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
  /** The JSON Schema that payloads must fit; null = none. */
  readonly schema: SchemaPlan | null;
  readonly expect: ExpectPlan;
  /** The charset of what it sends, as a label; absent = what the content says. A byte order mark counts more. */
  readonly encoding?: string;
  /** What is made of its records; absent = they are stored as they arrive. */
  readonly shaping?: ShapingPlan;
  /** How much computing it may take; plans of 0.2.0, in workflows that are open, do not say. */
  readonly compute?: ComputeLimits;
  /** Changes when (type, url, params, paginator, incremental) do: the state starts from scratch. */
  readonly fetchFingerprint: string;
  /** Changes when anything else that shapes records does: ETag and previous keys are dropped. */
  readonly shapeFingerprint: string;
  /** Label of the workers that fetch it; absent = any worker. */
  readonly runsOn?: string;
  /** A probe asks whether it has changed, and a run starts only then. */
  readonly probe?: true;
  /** Changes when requests go elsewhere or carry other secrets. Absent in plans of 0.2.0, and where there is no request. */
  readonly accessFingerprint?: string;
}

export interface SchemaPlan {
  /** As written: relative to the configuration file. */
  readonly path: string;
  /** Of its content: a changed schema is another shape. */
  readonly hash: string;
}

/** What an operator expects from a source; less opens an alert, and is not a failure. */
export interface ExpectPlan {
  /** Records that a poll should find; null = any number. */
  readonly minRecords: number | null;
  /** Longest time without a new record, in milliseconds; null = any. */
  readonly maxStalenessMs: number | null;
}

export interface RecordLimits {
  /** Largest JSON text of one record, in bytes. */
  readonly maxRecordBytes: number;
  /** How far in the future a record may be, in milliseconds. */
  readonly maxAheadMs: number;
  /** Oldest a record may be, in milliseconds; null = any age. */
  readonly maxAgeMs: number | null;
  /** Distinct days of one run. */
  readonly maxNewDays: number;
}

/** Limits of a request. */
export interface FetchLimits {
  readonly allowPrivate: boolean;
  /** Deadline of one request, redirects and body included. */
  readonly timeoutMs: number;
  /** Largest decoded body, in bytes. */
  readonly maxBodyBytes: number;
}

/** Parts of a request that replace those of the first. */
export interface FollowingPlan {
  readonly url?: string;
  readonly params?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: unknown;
}

/** What sources that are fetched over HTTP share. */
export interface HttpPlanBase extends SourcePlanBase, FetchLimits, FanOutPlan {
  readonly url: string;
  readonly method: RequestMethod;
  /** Sent with POST: a text as it is, anything else as JSON. Undefined = none. */
  readonly body?: unknown;
  readonly params: Readonly<Record<string, string | readonly string[]>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly auth: AuthPlan | null;
  /** For connections to its own origin, trusted ones, and where it logs in. Absent = well-known authorities, no certificate. */
  readonly tls?: TlsPlan;
  /** Address of a proxy; null = what the environment says. */
  readonly proxy: string | null;
  readonly paginator: PaginatorPlan;
  /** What pages after the first are requested with instead; absent = the same as the first. */
  readonly following?: FollowingPlan;
  readonly incremental: IncrementalPlan | null;
  /** Origins that get headers and secrets beside that of `url`. */
  readonly trustedOrigins?: readonly string[];
  /** `url`, `params`, `headers` or `body` has placeholders, which are filled in for each page. */
  readonly templates?: true;
  /** Origins that get secrets, where the address of a request comes from a record. */
  readonly origins?: readonly string[];
  /** Query parameters that hold secrets; set where the secrets are filled in. */
  readonly secretParams?: readonly string[];
  /** Headers that hold secrets, likewise. */
  readonly secretHeaders?: readonly string[];
  /** The body holds a secret, likewise. */
  readonly secretBody?: true;
  /** Its documents are prepared as a job, and read like pages. */
  readonly export?: ExportPlan;
  /** Set where a document of an export is read: its name in messages, which must not show its address, and whether an answer gave that. */
  readonly document?: { readonly name: string; readonly isGiven?: true };
  /** Pages that are fetched at once, where the paginator knows them beforehand. */
  readonly concurrency: number;
  readonly obeyRobots: boolean;
  readonly onResponse: readonly ResponseRule[];
}

export interface HttpJsonPlan extends HttpPlanBase {
  readonly type: 'http_json';
  /** JMESPath to the list of records in a page. */
  readonly records: string;
  /** Which file of a zip is read. Absent = the only one that fits. */
  readonly entry?: string;
  /** Its body is a query of GraphQL: a response with `errors` is not complete. */
  readonly graphql?: true;
}

/** Documents of other formats than JSON, or of one that the answer tells. */
export interface HttpFormatPlan extends HttpPlanBase {
  readonly type: 'http';
  /** Null = by the Content-Type, else by the name. */
  readonly format: HttpFormat | null;
  /** JMESPath to the list of records in a page of JSON. */
  readonly records: string;
  readonly csv: CsvPlan;
  /** Which elements of XML are records; null = not said. */
  readonly items: ItemsPlan | null;
  readonly fields: FieldPlans;
  /** Of a document of XML itself: what the paths of the paginator read. */
  readonly pageFields?: FieldPlans;
  /** Of a workbook; null = the first. */
  readonly sheet: string | null;
  /** Which file of a zip is read, a pattern; null = the only one that fits. */
  readonly entry: string | null;
  /** Largest body of CSV or JSON lines, decoded and unpacked, in bytes: it is not held. */
  readonly maxStreamBytes: number;
}

/** RSS, RDF, Atom or JSON Feed. */
export interface RssPlan extends HttpPlanBase {
  readonly type: 'rss';
}

export interface HtmlPlan extends HttpPlanBase {
  readonly type: 'html';
  readonly items: ItemsPlan;
  readonly fields: FieldPlans;
  /** Of the page itself: what the paths of the paginator read. */
  readonly pageFields?: FieldPlans;
  readonly detail: DetailPlan | null;
}

export interface FilePlan extends SourcePlanBase {
  readonly type: 'file';
  /** As written: relative to the configuration file. A name or a glob. */
  readonly path: string;
  /** Null = by the name of each file. */
  readonly format: FileFormat | null;
  /** JMESPath to the list of records in a JSON file. */
  readonly records: string;
  /** Largest JSON file, decoded, in bytes: it is read whole. */
  readonly maxBodyBytes: number;
  /** Whether symbolic links may lead out of a pattern's folder. @default false */
  readonly followSymlinks?: boolean;
  readonly csv: CsvPlan;
}

export type FileFormat = 'ndjson' | 'json' | 'csv';

/** How a CSV file is written. */
export interface CsvPlan {
  readonly delimiter: string;
  readonly quote: string;
  /** `true` = the first line names the columns; `false` = they are `1`, `2`, …; else their names. */
  readonly header: boolean | readonly string[];
  /** WHATWG name of the charset; null = by the byte order mark, else UTF-8. */
  readonly encoding: string | null;
  /** The character before a quote within a quoted field. Absent = a quote is doubled. */
  readonly escape?: string;
  /** Begins lines that are not rows. Absent = there are none. */
  readonly comment?: string;
  /** Lines before the header. @default 0 */
  readonly skipLines?: number;
}

/** A module of the user's own that yields pages. */
export interface ModulePlan extends SourcePlanBase, FetchLimits {
  readonly type: 'module';
  /** As written: relative to the configuration file. */
  readonly module: string;
  /** Handed to the module; secrets are references until an activity resolves them. */
  readonly options: Readonly<Record<string, unknown>>;
}
