import type { AuthPlan, IncrementalPlan, PaginatorPlan } from '../../domain/plan/plan-parts.ts';
import type { HttpJsonPlan, HttpPlanBase, RssPlan } from '../../domain/plan/source-plan.ts';
import type { Config } from '../file/parse-config.ts';
import { accessFingerprint } from './access-fingerprint.ts';
import { planBase, type KeyPlan } from './plan-base.ts';
import { maskLiterals, maskOptions, maskSecret, maskUrl } from '../secrets/secrets.ts';
import type { HtmlConfig, HttpJsonConfig, RssConfig } from '../schema/source-schemas.ts';

export function httpJsonPlan(config: Config, source: HttpJsonConfig): HttpJsonPlan {
  const { method, body, records } = source;
  const incremental = incrementalPlan(source);
  const shared = httpBase(config, source, paginatorPlan(source.paginator), incremental, { body, records, method });
  return {
    ...shared,
    type: 'http_json',
    method,
    records,
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

/** What sources share that are fetched over HTTP. */
export function httpBase(
  config: Config,
  source: HttpJsonConfig | RssConfig | HtmlConfig,
  paginator: PaginatorPlan,
  incremental: IncrementalPlan | null,
  shaping: object,
  keys?: KeyPlan,
): HttpPlanBase {
  const { url, params, headers, trusted_origins: trustedOrigins } = source;
  const auth = source.auth ?? null;
  return {
    ...planBase(
      config,
      source,
      { url, params, paginator: asked(paginator), incremental: incremental && askedSince(incremental) },
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

export function paginatorPlan(paginator: HttpJsonConfig['paginator']): PaginatorPlan {
  const { stop_after_empty_page: stops, end_on: endOn } = paginator;
  const limits = {
    hasMorePath: paginator.has_more_path ?? null,
    stopAfterEmptyPage: stops ?? true,
    ...(stops === undefined && pagesSayWhatFollows(paginator) ? { followsEmptyPages: true as const } : {}),
    ...(endOn ? { endOn } : {}),
    ...('resume' in paginator && paginator.resume ? { resume: paginator.resume } : {}),
    maxPages: paginator.max_pages ?? null,
  };
  switch (paginator.type) {
    case 'single_page':
    case 'header_link':
      return { type: paginator.type, ...limits };
    case 'page_number': {
      const { page_param: pageParam, base_page: basePage, total_path: totalPath = null } = paginator;
      return { type: 'page_number', pageParam, basePage, totalPath, ...limits };
    }
    case 'offset': {
      const { offset_param: offsetParam, limit_param: limitParam, limit, total_path: totalPath = null } = paginator;
      return { type: 'offset', offsetParam, limitParam, limit, totalPath, ...limits };
    }
    case 'cursor': {
      const { cursor_path: cursorPath, cursor_param: cursorParam } = paginator;
      return { type: 'cursor', cursorPath, cursorParam, ...limits };
    }
    case 'json_link':
      return { type: 'json_link', nextUrlPath: paginator.next_url_path, ...limits };
    case 'html_link':
      return { type: 'html_link', selector: paginator.selector, ...limits };
  }
}

/** Only counted pages without a total end at an empty page. */
function pagesSayWhatFollows(paginator: HttpJsonConfig['paginator']): boolean {
  if (paginator.type === 'single_page') return false;
  if (paginator.type !== 'page_number' && paginator.type !== 'offset') return true;
  return paginator.has_more_path !== undefined || paginator.total_path !== undefined;
}

/** The parts of a paginator that decide what is requested: a change of how a poll ends does not make it another source. */
function asked({ followsEmptyPages: _follows, endOn: _endOn, resume: _resume, ...paginator }: PaginatorPlan): object {
  return paginator;
}

function askedSince({ order: _order, ...incremental }: IncrementalPlan): object {
  return incremental;
}

function incrementalPlan({ incremental }: HttpJsonConfig): IncrementalPlan | null {
  if (!incremental) return null;
  return {
    cursor: incremental.cursor,
    format: incremental.format,
    startParam: incremental.start_param ?? null,
    endParam: incremental.end_param ?? null,
    initialValue: incremental.initial_value ?? null,
    lagMs: incremental.lag,
    ...(incremental.param_format === undefined ? {} : { paramFormat: incremental.param_format }),
    ...(incremental.order === 'desc' ? { order: incremental.order } : {}),
  };
}

/** @param mask turns a path and its value into the value of the plan */
function authPlan(auth: NonNullable<HttpJsonConfig['auth']>, mask: typeof maskSecret): AuthPlan {
  const secret = (name: string, value: string) => mask(`auth/${name}`, value);
  switch (auth.type) {
    case 'bearer':
      return { type: 'bearer', token: secret('token', auth.token) };
    case 'api_key': {
      const { name, location, api_key: apiKey } = auth;
      return { type: 'api_key', name, location, apiKey: secret('api_key', apiKey) };
    }
    case 'http_basic': {
      const { username, password } = auth;
      return { type: 'http_basic', username: secret('username', username), password: secret('password', password) };
    }
    case 'oauth2_client_credentials': {
      const { token_url: tokenUrl, client_id: clientId, client_secret: clientSecret, scope = null } = auth;
      const { credentials } = auth;
      return {
        type: 'oauth2_client_credentials',
        tokenUrl: secret('token_url', tokenUrl),
        clientId: secret('client_id', clientId),
        clientSecret: secret('client_secret', clientSecret),
        scope,
        ...(credentials === 'header' ? { credentials } : {}),
      };
    }
  }
}

function asWritten(_place: string, value: string): string {
  return value;
}
