import type { IncrementalPlan, PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpJsonPlan, HttpPlanBase, RssPlan } from '../../domain/plan/source-plan.ts';
import type { Config } from '../file/parse-config.ts';
import { accessFingerprint } from './access-fingerprint.ts';
import { asWritten, authPlan } from './auth-plan.ts';
import { asked, askedSince, incrementalPlan, paginatorPlan } from './paginator-plan.ts';
import { planBase, type KeyPlan } from './plan-base.ts';
import { maskLiterals, maskOptions, maskSecret, maskUrl } from '../secrets/secrets.ts';
import type { HtmlConfig, HttpConfig, HttpJsonConfig, RssConfig } from '../schema/source-schemas.ts';

/** @param entry which file of a ZIP archive is read; absent = the only one */
export function httpJsonPlan(config: Config, source: HttpJsonConfig, entry?: string): HttpJsonPlan {
  const { method, body, records } = source;
  const incremental = incrementalPlan(source);
  const packed = entry === undefined ? {} : { entry };
  const shaping = { body, records, method, ...packed };
  const shared = httpBase(config, source, paginatorPlan(source.paginator), incremental, shaping);
  return {
    ...shared,
    type: 'http_json',
    method,
    records,
    ...packed,
    ...(body === undefined ? {} : { body: maskOptions('body', body) }),
  };
}

const onePage: PaginatorPlan = { type: 'single_page', hasMorePath: null, stopAfterEmptyPage: true, maxPages: null };

/**
 * A feed has an id and a time of its own; the configuration overrides them. Without any time the time of the fetch is used: old
 * dialects have none.
 */
export function rssPlan(config: Config, source: RssConfig): RssPlan {
  const { id, occurred_at: time } = source;
  const keys: KeyPlan = {
    id: id === undefined ? ['id'] : typeof id === 'string' ? [id] : id,
    occurredAt: {
      path: time?.path ?? 'published || updated',
      format: time?.format ?? 'iso8601',
      timezone: time?.timezone ?? 'UTC',
      onMissing: time?.on_missing ?? 'fetched_at',
      ...(time?.date_order === undefined ? {} : { dateOrder: time.date_order }),
    },
  };
  return { ...httpBase(config, source, onePage, null, {}, keys), type: 'rss' };
}

/**
 * What sources share that are fetched over HTTP.
 * @param askedToo what else the source is asked for
 */
export function httpBase(
  config: Config,
  source: HttpJsonConfig | (HttpConfig & { readonly max_body: number }) | RssConfig | HtmlConfig,
  paginator: PaginatorPlan,
  incremental: IncrementalPlan | null,
  shaping: object,
  keys?: KeyPlan,
  askedToo: object = {},
): HttpPlanBase {
  const { url, params, headers, trusted_origins: trustedOrigins } = source;
  const auth = source.auth ?? null;
  return {
    ...planBase(
      config,
      source,
      { url, params, paginator: asked(paginator), incremental: incremental && askedSince(incremental), ...askedToo },
      { headers, ...shaping },
      keys,
    ),
    url: maskUrl(url),
    method: 'GET',
    params: maskLiterals('params', params),
    headers: maskLiterals('headers', headers),
    auth: auth && authPlan(auth, maskSecret),
    proxy: source.proxy === undefined ? null : maskSecret('proxy', source.proxy),
    accessFingerprint: accessFingerprint({
      url,
      params,
      headers,
      proxy: source.proxy ?? null,
      auth: auth && authPlan(auth, asWritten),
      ...('body' in source ? { body: source.body } : {}),
      ...(trustedOrigins ? { trustedOrigins } : {}),
    }),
    ...(trustedOrigins ? { trustedOrigins } : {}),
    paginator,
    incremental,
    allowPrivate: source.allow_private,
    timeoutMs: source.timeout,
    maxBodyBytes: source.max_body,
    concurrency: source.concurrency,
    obeyRobots: (source.robots ?? (source.type === 'html' ? 'obey' : 'ignore')) === 'obey',
    onResponse: source.on_response.map(({ status = null, body_contains: bodyContains = null, action }) => ({
      status,
      bodyContains,
      action,
    })),
  };
}
