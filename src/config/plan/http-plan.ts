import { feedKeys } from '../../domain/plan/feed-keys.ts';
import type { IncrementalPlan, PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { FollowingPlan, HttpJsonPlan, HttpPlanBase, RssPlan } from '../../domain/plan/source-plan.ts';
import type { Config } from '../file/parse-config.ts';
import { accessFingerprint } from './access-fingerprint.ts';
import { asWritten, authPlan } from './auth-plan.ts';
import { tlsPlan } from './tls-plan.ts';
import { asked, askedSince, hasNewKeys, incrementalPlan, paginatorPlan } from './paginator-plan.ts';
import { askedForEach, fanOutPlan, shapedByParent } from './for-each-plan.ts';
import { findPlaceholders, type NamedPlaceholders } from './named-placeholders.ts';
import { askedOfExport, exportPlan } from './export-plan.ts';
import { planBase, type KeyPlan } from './plan-base.ts';
import { maskLiterals, maskOptions, maskSecret, maskUrl } from '../secrets/secrets.ts';
import type { GraphqlConfig, HtmlConfig, HttpConfig, HttpJsonConfig, RssConfig } from '../schema/source-schemas.ts';

/** @param entry which file of a ZIP archive is read; absent = the only one */
export function httpJsonPlan(config: Config, source: HttpJsonConfig, entry?: string): HttpJsonPlan {
  const { method, body, records } = source;
  const named = findPlaceholders(source);
  const incremental = incrementalPlan(source, named);
  const paginator = paginatorPlan(source.paginator, named);
  const request = usesNewKeys(source, named) ? { body: body ?? null, method } : {};
  const packed = entry === undefined ? {} : { entry };
  const shaping = { body, records, method, ...packed };
  const shared = httpBase(config, source, paginator, incremental, shaping, { request });
  return {
    ...shared,
    type: 'http_json',
    method,
    records,
    ...packed,
    ...(body === undefined ? {} : { body: maskOptions('body', body) }),
  };
}

/** A query of GraphQL is the body of a POST. */
export function graphqlPlan(config: Config, source: GraphqlConfig): HttpJsonPlan {
  const { query, variables, operation_name: operationName, records } = source;
  const named = findPlaceholders(source);
  const written = { query, variables, ...(operationName === undefined ? {} : { operationName }) };
  const incremental = incrementalPlan(source, named);
  const paginator = paginatorPlan(source.paginator, named);
  const shared = httpBase(config, source, paginator, incremental, { records }, { request: written });
  return {
    ...shared,
    type: 'http_json',
    method: 'POST',
    records,
    graphql: true,
    body: { ...written, variables: maskOptions('variables', variables) },
  };
}

/** A source that uses none is the source that it was in 0.2.0, whose first fingerprint has no body and no method. */
function usesNewKeys({ paginator, for_each: each }: HttpJsonConfig, { isTemplate }: NamedPlaceholders): boolean {
  return isTemplate || each !== undefined || hasNewKeys(paginator);
}

const onePage: PaginatorPlan = { type: 'single_page', hasMorePath: null, stopAfterEmptyPage: true, maxPages: null };

/**
 * A feed has an id and a time of its own; the configuration overrides them. Without any time the time of the fetch is used: old
 * dialects have none.
 */
export function rssPlan(config: Config, source: RssConfig): RssPlan {
  const { id, occurred_at: time } = source;
  const keys: KeyPlan = {
    id: id === undefined ? [feedKeys.id] : typeof id === 'string' ? [id] : id,
    occurredAt: {
      path: time?.path ?? feedKeys.occurredAt,
      format: time?.format ?? 'iso8601',
      timezone: time?.timezone ?? 'UTC',
      onMissing: time?.on_missing ?? 'fetched_at',
      ...(time?.date_order === undefined ? {} : { dateOrder: time.date_order }),
    },
  };
  return { ...httpBase(config, source, onePage, null, {}, { keys }), type: 'rss' };
}

/**
 * What sources share that are fetched over HTTP.
 * @param request what else the source is asked for
 */
export function httpBase(
  config: Config,
  source: HttpJsonConfig | (HttpConfig & { readonly max_body: number }) | GraphqlConfig | RssConfig | HtmlConfig,
  paginator: PaginatorPlan,
  incremental: IncrementalPlan | null,
  shaping: object,
  { keys, request = {} }: { readonly keys?: KeyPlan; readonly request?: object } = {},
): HttpPlanBase {
  const { url, params, headers, tls, trusted_origins: trustedOrigins, origins } = source;
  const named = findPlaceholders(source);
  const templated = Object.keys(named.headers).length > 0 ? { headers: named.headers } : {};
  const auth = source.auth ?? null;
  const following = 'following' in source ? source.following : undefined;
  const fanOut = 'for_each' in source ? fanOutPlan(source) : {};
  const job = 'export' in source ? source.export : undefined;
  return {
    ...planBase(
      config,
      source,
      {
        url,
        params,
        paginator: asked(paginator),
        incremental: incremental && askedSince(incremental),
        ...request,
        ...(following ? { following } : {}),
        ...(job ? { export: askedOfExport(job) } : {}),
        ...templated,
        ...askedForEach(fanOut),
      },
      { headers, ...shaping, ...shapedByParent(fanOut) },
      keys,
    ),
    ...fanOut,
    url: maskUrl(url),
    method: 'GET',
    params: maskLiterals('params', params),
    headers: maskLiterals('headers', headers),
    auth: auth && authPlan(auth, source.rate_limit, maskSecret),
    ...(tls === undefined ? {} : { tls: tlsPlan(tls, maskSecret) }),
    proxy: source.proxy === undefined ? null : maskSecret('proxy', source.proxy),
    accessFingerprint: accessFingerprint({
      url,
      params,
      headers,
      proxy: source.proxy ?? null,
      auth: auth && authPlan(auth, source.rate_limit, asWritten),
      ...(tls === undefined ? {} : { tls: tlsPlan(tls, asWritten) }),
      ...('body' in source ? { body: source.body } : {}),
      ...('query' in source ? { body: { query: source.query, variables: source.variables } } : {}),
      ...(trustedOrigins ? { trustedOrigins } : {}),
      ...(origins ? { origins } : {}),
      ...(following ? { following } : {}),
      ...(job ? { export: job } : {}),
    }),
    ...(named.isTemplate || job ? { templates: true as const } : {}),
    ...(job ? { export: exportPlan(job, url) } : {}),
    ...(trustedOrigins ? { trustedOrigins } : {}),
    ...(origins ? { origins } : {}),
    paginator,
    ...(following ? { following: followingPlan(following) } : {}),
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

function followingPlan({ url, params, body }: NonNullable<HttpJsonConfig['following']>): FollowingPlan {
  return {
    ...(url === undefined ? {} : { url: maskUrl(url, 'following/url') }),
    ...(params === undefined ? {} : { params: maskLiterals('following/params', params) }),
    ...(body === undefined ? {} : { body: maskOptions('following/body', body) }),
  };
}
