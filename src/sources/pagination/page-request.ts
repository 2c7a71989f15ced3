import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import { SourceRefused, WrongShape } from '../../domain/errors.ts';
import type { HttpPosition } from '../../domain/state/fetch-position.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import { secretName } from '../../domain/secrets/url-secrets.ts';
import { parseJson } from '../../formats/exact-json.ts';
import { textOf } from '../../formats/template/template-values.ts';
import { fillHeaders } from '../../formats/template/fill-pairs.ts';
import { isTrusted, ownOrigin } from '../http/own-origin.ts';
import { rawAddress, setParameter } from '../http/raw-query.ts';
import { offsetAt } from './first-page.ts';
import { fillRequest, followingOf, templateValues } from './fill-request.ts';
import { timeParameters } from './time-parameters.ts';

/** The address of a page, and whether the source itself gave it. */
export interface PageAddress {
  readonly url: URL;
  /** The same with its query as it is written. */
  readonly address: string;
  readonly followed: boolean;
  /** Headers and body with their placeholders filled in; absent = those of the plan. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | null;
}

/** Paginators whose cursor is an address. */
const linked: ReadonlySet<string> = new Set(['json_link', 'header_link', 'html_link']);

/**
 * The address of the page at a position. A link given by the source is used as it is.
 * @throws WrongShape for a place that is not an address; SourceRefused for one that secrets must not go to
 */
export function pageAddress(plan: HttpPlan, place: HttpPosition): PageAddress {
  const { paginator } = plan;
  if (isLink(plan, place)) return { ...linkAddress(plan, place.cursor), ...headersOf(plan, place) };
  const { url, params, ...content } = fillRequest(plan, place);
  let address = rawAddress(url, new URL(url));
  const set = (name: string, value: string | readonly string[]) => {
    address = setParameter(address, name, value);
  };
  // Only an address that a record gave is not the source's own.
  const isOwn = isTrusted(plan, new URL(url).origin);
  for (const [name, value] of Object.entries(params)) {
    if (isOwn || plan.secretParams?.includes(name) !== true) set(name, value);
  }
  const times = followingOf(plan, place)?.params === undefined ? timeParameters(plan, place) : {};
  for (const [name, value] of Object.entries(times)) set(name, value);
  if (paginator.type === 'page_number' && paginator.pageParam !== null) set(paginator.pageParam, String(place.page));
  if (paginator.type === 'cursor' && paginator.cursorParam !== null && place.cursor !== null) {
    set(paginator.cursorParam, place.cursor);
  }
  if (paginator.type === 'keyset' && paginator.keyParam !== null && place.cursor !== null) {
    set(paginator.keyParam, textOf(parseJson(place.cursor).value));
  }
  if (paginator.type === 'offset') {
    if (paginator.offsetParam !== null) set(paginator.offsetParam, String(offsetAt(paginator, place)));
    if (paginator.limitParam !== null) set(paginator.limitParam, String(paginator.limit));
  }
  return { url: new URL(address), address, followed: false, ...content };
}

/** Headers of a page whose address the source gave. */
function headersOf(plan: HttpPlan, place: HttpPosition): Pick<PageAddress, 'headers'> {
  return plan.templates === true ? { headers: fillHeaders(plan.headers, templateValues(plan, place)) } : {};
}

/** Whether the place is an address that the source gave. */
export function isLink(plan: HttpPlan, place: HttpPosition): place is HttpPosition & { readonly cursor: string } {
  return place.cursor !== null && linked.has(plan.paginator.type);
}

function linkAddress(plan: HttpPlan, link: string): PageAddress {
  const hides = hidesValues(plan);
  if (!URL.canParse(link)) {
    const found = hides ? `a link that is ${hiddenValue}` : `"${link}"`;
    throw new WrongShape(`paginator: ${plan.name}: found ${found}, expected an address`);
  }
  const own = new URL(ownOrigin(plan) ?? link);
  const url = new URL(link);
  let address = rawAddress(link, url);
  if (url.hostname === own.hostname && url.protocol === 'http:' && own.protocol === 'https:') {
    // Servers behind a TLS proxy do not know the scheme of the request.
    [url.protocol, url.port] = ['https:', own.port];
    address = rawAddress(link, url);
  }
  if (isForeign(plan, url) && hasSecrets(plan)) {
    const found = hides ? `another origin, which is ${hiddenValue}` : url.origin;
    const remedy = hides ? '' : `: ["${url.origin}"]`;
    throw new SourceRefused(
      `paginator: ${plan.name} leads to a page at ${found}, but headers and secrets are sent only to ${own.origin}; to trust that origin, set trusted_origins${remedy}`,
    );
  }
  return { url, address, followed: true };
}

/** Whether an address is at an origin that is neither the source's own nor a trusted one. */
export function isForeign(plan: HttpPlan, url: URL): boolean {
  return !isTrusted(plan, url.origin);
}

function hasSecrets({ auth, headers, secretParams = [], params }: HttpPlan): boolean {
  return (
    auth !== null ||
    secretParams.length > 0 ||
    [...Object.keys(headers), ...Object.keys(params)].some((name) => secretName.test(name))
  );
}
