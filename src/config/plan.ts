import { createHash } from 'node:crypto';
import type { IncrementalPlan, PaginatorPlan } from '../domain/plan-parts.ts';
import type { FilePlan, HttpJsonPlan, RecordLimits, SourcePlan, SourcePlanBase } from '../domain/source.ts';
import type { Config } from './parse-config.ts';
import { maskLiterals, maskUrl } from './secrets.ts';
import type { FileConfig, HttpJsonConfig, SourceConfig } from './source-schemas.ts';

/** The secret-free plan of a source, for workflows and their histories. */
export function planOf(config: Config, source: SourceConfig): SourcePlan {
  switch (source.type) {
    case 'http_json':
      return httpJsonPlan(config, source);
    case 'file':
      return filePlan(config, source);
    default:
      throw new TypeError(`config: type ${source.type} is not available yet`);
  }
}

function httpJsonPlan(config: Config, source: HttpJsonConfig): HttpJsonPlan {
  const paginator = paginatorPlan(source);
  const incremental = incrementalPlan(source);
  const { url, params, records, headers } = source;
  return {
    ...planBase(config, source, { url, params, paginator, incremental }, { records, headers }),
    type: 'http_json',
    url: maskUrl(url),
    params: maskLiterals('params', params),
    headers: maskLiterals('headers', headers),
    records,
    paginator,
    incremental,
    allowPrivate: source.allow_private,
    timeoutMs: source.timeout,
    maxBodyBytes: source.max_body,
  };
}

function filePlan(config: Config, source: FileConfig): FilePlan {
  const { path } = source;
  return {
    ...planBase(config, source, { path }, {}),
    type: 'file',
    path,
    compression: path.endsWith('.gz') ? 'gzip' : 'none',
  };
}

function planBase(config: Config, source: HttpJsonConfig | FileConfig, asked: object, shaping: object): SourcePlanBase {
  const { retry, occurred_at: time } = source;
  const id = typeof source.id === 'string' ? [source.id] : source.id;
  const limits: RecordLimits = {
    maxRecordBytes: source.max_record,
    maxAheadMs: config.partitions.max_ahead,
    maxAgeMs: config.partitions.max_age,
    maxNewDays: config.partitions.max_new_days,
  };
  return {
    name: source.name,
    id,
    occurredAt: {
      path: time.path ?? null,
      format: time.format,
      timezone: time.timezone,
      onMissing: time.on_missing,
    },
    limits,
    onInvalid: source.on_invalid,
    maxRejectRatio: source.max_reject_ratio,
    allowEmpty: source.allow_empty,
    retry: {
      maxAttempts: retry.max_attempts,
      initialIntervalMs: retry.initial_interval,
      backoffCoefficient: retry.backoff_coefficient,
      maxIntervalMs: Math.max(retry.max_interval, retry.initial_interval),
    },
    fetchFingerprint: fingerprint({ type: source.type, ...asked }),
    shapeFingerprint: fingerprint({ id, time, limits, ...shaping }),
  };
}

function paginatorPlan({ paginator }: HttpJsonConfig): PaginatorPlan {
  const limits = {
    hasMorePath: paginator.has_more_path ?? null,
    stopAfterEmptyPage: paginator.stop_after_empty_page,
    maxPages: paginator.max_pages ?? null,
  };
  if (paginator.type === 'page_number') {
    const { page_param: pageParam, base_page: basePage, total_path: totalPath = null } = paginator;
    return { type: 'page_number', pageParam, basePage, totalPath, ...limits };
  }
  return { type: 'single_page', ...limits };
}

function incrementalPlan({ incremental }: HttpJsonConfig): IncrementalPlan | null {
  if (!incremental) return null;
  return {
    cursor: incremental.cursor,
    format: incremental.format,
    startParam: incremental.start_param,
    endParam: incremental.end_param ?? null,
    initialValue: incremental.initial_value ?? null,
    lagMs: incremental.lag,
  };
}

/** Keys in order: moving a line of the file changes nothing. */
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, member]) => [key, sortKeys(member)]));
}

function fingerprint(value: object): string {
  return createHash('sha256')
    .update(JSON.stringify(sortKeys(value)))
    .digest('hex')
    .slice(0, 16);
}
