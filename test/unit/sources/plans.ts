import type { PageNumberPlan } from '../../../src/domain/plan/plan-parts.ts';
import type {
  FilePlan,
  HttpJsonPlan,
  HttpPlanBase,
  ModulePlan,
  RssPlan,
  SourcePlan,
  SourcePlanBase,
} from '../../../src/domain/plan/source-plan.ts';
import { initialState, type SourceState } from '../../../src/domain/state/source-state.ts';
import { createLocalCompute } from '../../../src/sources/compute/compute.ts';
import { itemReader, type ReadItem } from '../../../src/sources/extraction/read-records.ts';
import { SourceReader } from '../../../src/sources/compute/source-reader.ts';
import type { FetchContext } from '../../../src/sources/extraction/fetch-context.ts';
import type { PageItem } from '../../../src/sources/extraction/page.ts';

const base: SourcePlanBase = {
  name: 'news',
  id: ['id'],
  occurredAt: { path: 'at', format: 'iso8601', timezone: 'UTC', onMissing: 'reject' },
  limits: { maxRecordBytes: 8 * 1024 * 1024, maxAheadMs: 172_800_000, maxAgeMs: null, maxNewDays: 400 },
  onInvalid: 'dead_letter',
  maxRejectRatio: 0.5,
  allowEmpty: false,
  schema: null,
  expect: { minRecords: null, maxStalenessMs: null },
  retry: { maxAttempts: 1, initialIntervalMs: 1, backoffCoefficient: 2, maxIntervalMs: 1 },
  fetchFingerprint: 'fetch',
  shapeFingerprint: 'shape',
};

const httpDefaults: Omit<HttpPlanBase, keyof SourcePlanBase | 'url' | 'params' | 'headers'> = {
  method: 'GET',
  auth: null,
  proxy: null,
  incremental: null,
  allowPrivate: true,
  obeyRobots: false,
  timeoutMs: 5_000,
  maxBodyBytes: 64 * 1024 * 1024,
  concurrency: 1,
  onResponse: [],
  paginator: {
    type: 'single_page',
    hasMorePath: null,
    stopAfterEmptyPage: true,
    maxPages: null,
  },
};

/** A JSON source with every default of daybook.yaml. */
export function httpPlan(fields: Partial<HttpJsonPlan> = {}): HttpJsonPlan {
  return {
    ...base,
    type: 'http_json',
    url: 'http://origin/items',
    params: {},
    headers: {},
    records: '@',
    ...httpDefaults,
    ...fields,
  };
}

/** A feed with every default of daybook.yaml. */
export function rssPlan(fields: Partial<RssPlan> = {}): RssPlan {
  return {
    ...base,
    type: 'rss',
    url: 'http://origin/feed',
    params: {},
    headers: {},
    ...httpDefaults,
    occurredAt: {
      path: 'published || updated',
      format: 'iso8601',
      timezone: 'UTC',
      onMissing: 'fetched_at',
    },
    ...fields,
  };
}

export function filePlan(fields: Partial<FilePlan> = {}): FilePlan {
  return {
    ...base,
    type: 'file',
    path: 'in.ndjson',
    format: null,
    records: '@',
    maxBodyBytes: 64 * 1024 * 1024,
    csv: {
      delimiter: ',',
      quote: '"',
      header: true,
      encoding: null,
    },
    ...fields,
  };
}

export function modulePlan(fields: Partial<ModulePlan> = {}): ModulePlan {
  return {
    ...base,
    type: 'module',
    module: './source.ts',
    options: {},
    allowPrivate: true,
    timeoutMs: 5_000,
    maxBodyBytes: 64 * 1024 * 1024,
    ...fields,
  };
}

/** Pages by number, from 1, until an empty one. */
export const byNumber: PageNumberPlan = {
  type: 'page_number',
  pageParam: 'page',
  basePage: 1,
  totalPath: null,
  hasMorePath: null,
  stopAfterEmptyPage: true,
  maxPages: null,
};

export const state: SourceState = initialState({
  fetchFingerprint: 'fetch',
  shapeFingerprint: 'shape',
  databaseId: null,
});

/** Reads what a source sends, here and without limits. */
export const readerOf = (plan: SourcePlan) => new SourceReader(plan, null, createLocalCompute());

export const contextOf = (plan: SourcePlan): FetchContext => ({
  signal: new AbortController().signal,
  onProgress: () => {},
  reader: readerOf(plan),
});

export const context = contextOf(httpPlan());

/** The items of a page, read. */
export function readAll(items: readonly PageItem[]): readonly ReadItem[] {
  const read = itemReader(items);
  return [...items.keys()].map((position) => read(position) as ReadItem);
}
