import { contentTypeOf } from '../../domain/text/content-type.ts';
import { SourceRefused, WrongShape } from '../../domain/errors.ts';
import type { FollowingPlan, HttpPlan } from '../../domain/plan/source-plan.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import { microsOfDate } from '../../domain/time/timestamp.ts';
import { isObject } from '../../domain/is-object.ts';
import { parseJson, writeDeepJson } from '../../formats/exact-json.ts';
import { fillBody, fillJsonText } from '../../formats/template/fill-body.ts';
import { fillHeaders, fillParameters, type Parameters } from '../../formats/template/fill-pairs.ts';
import { fillValue, leftOut } from '../../formats/template/fill-text.ts';
import { fillUrl } from '../../formats/template/fill-url.ts';
import { textOf, type TemplateValues } from '../../formats/template/template-values.ts';
import { ownOrigin } from '../http/own-origin.ts';
import { offsetAt } from './first-page.ts';
import { readTime } from './read-time.ts';

/** The request for a page, without what paginator and `incremental` add to its query. */
export interface FilledRequest {
  readonly url: string;
  readonly params: Parameters;
  /** Absent = those of the plan. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent = that of the plan; null = none. */
  readonly body?: string | null;
}

/**
 * Fills in the placeholders of a request.
 * @throws SourceRefused, WrongShape if a value cannot be where it is named
 */
export function fillRequest(source: HttpPlan, place: HttpPosition): FilledRequest {
  const plan = requestedAs(source, place);
  const { url, params, headers, body } = plan;
  if (plan.templates !== true) return { url, params };
  const values = templateValues(plan, place);
  const filled = fillHeaders(headers, values);
  return {
    url: addressOf(plan, values, ownOrigin(source)),
    params: fillParameters(params, values),
    headers: filled,
    ...(body === undefined ? {} : { body: contentOf(plan, values, filled) }),
  };
}

/** The plan with what this page is requested with. */
function requestedAs<P extends HttpPlan>(plan: P, place: HttpPosition): P {
  return followingOf(plan, place) ? { ...plan, ...plan.following } : plan;
}

/** What a page after the first is requested with instead of the first; null if that is the same. */
export function followingOf(plan: HttpPlan, { cursor }: HttpPosition): FollowingPlan | null {
  return plan.paginator.type === 'cursor' && cursor !== null ? (plan.following ?? null) : null;
}

function contentOf(plan: HttpPlan, values: TemplateValues, headers: Readonly<Record<string, string>>): string | null {
  const { body } = plan;
  if (plan.type !== 'http_json' || plan.graphql !== true || !isObject(body)) {
    return fillBody(body, values, contentTypeOf(headers));
  }
  // A query is a text of its own language, whose strings are those of JSON.
  const { query, ...rest } = body;
  const filled = fillValue(rest, values);
  return writeDeepJson({ query: fillJsonText(textOf(query), values), ...(filled as object) });
}

/** What the placeholders stand for in the request for a page. */
export function templateValues(plan: HttpPlan, place: HttpPosition): TemplateValues {
  const { paginator, incremental } = plan;
  const { values = {}, parent } = place;
  const last = Object.entries(values.last ?? {}).map(([path, text]) => [path, parseJson(text).value] as const);
  return {
    timeFormat: incremental?.paramFormat ?? incremental?.format ?? 'iso8601',
    cursor: paginator.type === 'cursor' ? cursorOf(place) : null,
    page: paginator.type === 'page_number' ? place.page : null,
    offset: paginator.type === 'offset' ? offsetAt(paginator, place) : null,
    limit: paginator.type === 'offset' ? paginator.limit : null,
    since: readTime(place.since),
    until: readTime(place.until ?? null),
    now: readTime(values.now ?? null) ?? microsOfDate(new Date()),
    last: Object.fromEntries(last),
    ...(parent === undefined ? {} : { parent: parseJson(parent).value }),
  };
}

function cursorOf({ cursor, values }: HttpPosition): unknown {
  return cursor !== null && values?.jsonCursor === true ? parseJson(cursor).value : cursor;
}

function addressOf({ name, url }: HttpPlan, values: TemplateValues, own: string | null): string {
  const filled = fillUrl(url, values);
  if (filled === leftOut) {
    throw new WrongShape(`fetch: ${name}: url ${url} has no value, expected an address, http or https`);
  }
  const address = URL.canParse(filled) ? new URL(filled) : null;
  if (own === null) {
    if (address && /^https?:$/.test(address.protocol) && address.username === '' && address.password === '')
      return filled;
    throw new WrongShape(
      `fetch: ${name}: url ${url} is ${address ? `an address of ${address.protocol.slice(0, -1)}, or with a user name` : 'not an address'}, expected an address, http or https`,
    );
  }
  // Its scheme, host and port are written; a value that changed them would be sent the secrets.
  if (address?.origin === own) return filled;
  throw new SourceRefused(`fetch: ${name}: a value changes where the request goes, expected ${own}`);
}
