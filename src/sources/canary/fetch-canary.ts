import { jsonAccept } from '../http/accept-headers.ts';
import { noopMetrics } from '../../domain/run/metrics.ts';
import { WrongShape } from '../../domain/errors.ts';
import { unlimited } from '../../domain/plan/host-budget.ts';
import { canarySource } from '../../domain/names.ts';
import { startPosition } from '../../domain/state/poll.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { HttpJsonPlan } from '../../domain/plan/source-plan.ts';
import { initialState } from '../../domain/state/source-state.ts';
import { serveCanary } from './canary-server.ts';
import { collect } from '../collect/collect.ts';
import { createLocalCompute } from '../compute/compute.ts';
import { SourceReader } from '../compute/source-reader.ts';
import { fetchHttpPages } from '../http/http-pages.ts';
import { firstHttpPosition } from '../pagination/first-position.ts';
import { createHttpTools } from '../http/http-tools.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';

/** The record of a canary: its id, and the run that spools it. */
export interface CanaryRecord {
  readonly id: string;
  readonly run: string;
}

/**
 * Fetches the record of a canary as that of any API is fetched: over HTTP, from an origin that is there for this one
 * request. Its time is now.
 */
export async function fetchCanary(
  record: CanaryRecord,
  version: string,
  context: Omit<FetchContext, 'reader'>,
): Promise<AcceptedRecord> {
  const origin = await serveCanary({ ...record, at: new Date().toISOString() });
  // Its own client: no proxy and no host budget is involved within this process.
  const tools = createHttpTools({
    version,
    proxies: {},
    budget: unlimited,
    limitOf: () => null,
    measures: noopMetrics,
  });
  try {
    const plan = canaryPlan(origin.url);
    const state = initialState({ fetchFingerprint: '', shapeFingerprint: '', databaseId: null });
    const place = firstHttpPosition(plan, state);
    const reader = new SourceReader(plan, null, createLocalCompute());
    const pages = fetchHttpPages(plan, reader.format(jsonAccept), place, state, tools, { ...context, reader });
    const limits = { maxRecords: 1, maxBytes: plan.maxBodyBytes, maxMs: plan.timeoutMs };
    const position = startPosition(place, state, new Date());
    const { accepted, deadLetters } = await collect({ plan, position, pages, known: null, reader, limits });
    const [only] = accepted;
    if (only && accepted.length === 1) return only;
    const why = deadLetters[0] ? `: ${deadLetters[0].message}` : '';
    throw new WrongShape(
      `fetch: ${canarySource} returned ${accepted.length} records, expected the one that it serves${why}`,
    );
  } finally {
    await tools.client.close();
    await origin.close();
  }
}

/** As a source of this configuration would have it: `id`, `occurred_at: at`, `allow_private`. */
function canaryPlan(url: string): HttpJsonPlan {
  return {
    name: canarySource,
    type: 'http_json',
    url,
    method: 'GET',
    records: '@',
    id: ['id'],
    occurredAt: {
      path: 'at',
      format: 'iso8601',
      timezone: 'UTC',
      onMissing: 'reject',
    },
    limits: {
      maxRecordBytes: 64 * 1024,
      maxAheadMs: 60_000,
      maxAgeMs: null,
      maxNewDays: 1,
    },
    onInvalid: 'dead_letter',
    maxRejectRatio: 1,
    allowEmpty: false,
    schema: null,
    // The workflow's own policy counts.
    retry: {
      maxAttempts: 1,
      initialIntervalMs: 1_000,
      backoffCoefficient: 1,
      maxIntervalMs: 1_000,
    },
    expect: {
      minRecords: null,
      maxStalenessMs: null,
    },
    fetchFingerprint: '',
    shapeFingerprint: '',
    params: {},
    headers: {},
    auth: null,
    proxy: null,
    paginator: {
      type: 'single_page',
      hasMorePath: null,
      stopAfterEmptyPage: true,
      maxPages: null,
    },
    incremental: null,
    concurrency: 1,
    obeyRobots: false,
    onResponse: [],
    allowPrivate: true,
    timeoutMs: 5_000,
    maxBodyBytes: 64 * 1024,
  };
}
