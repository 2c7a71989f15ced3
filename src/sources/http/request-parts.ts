import { headerValueProblem } from '../../domain/text/header-value.ts';
import { secretName } from '../../domain/secrets/url-secrets.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import { microsOfDate } from '../../domain/time/timestamp.ts';
import { fillHeaders } from '../../formats/template/fill-pairs.ts';
import { withCookie } from '../auth/cookies.ts';
import type { Credentials } from '../auth/credentials.ts';

/** A cookie goes beside those that are configured. */
export function ownHeaders(
  configured: Readonly<Record<string, string>>,
  { headers, cookie }: Credentials,
  conditions: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const all = { ...configured, ...headers, ...sendable(conditions) };
  return cookie === undefined ? all : withCookie(all, cookie);
}

/** What is posted; an address that the source itself gave is only read. */
export function contentOf(
  { method, body }: HttpPlanBase,
  request: { readonly followed: boolean; readonly body?: string | null },
): string | null {
  if (method === 'GET' || request.followed) return null;
  if (request.body !== undefined) return request.body;
  return body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body);
}

/** Headers of a request that is no page of its own: its placeholders have no values. */
export function fixedHeaders({ headers, templates, incremental }: HttpPlanBase): Readonly<Record<string, string>> {
  if (templates !== true) return headers;
  const timeFormat = incremental?.paramFormat ?? incremental?.format ?? 'iso8601';
  return fillHeaders(headers, { timeFormat, now: microsOfDate(new Date()) });
}

export function withoutSecrets(
  { secretHeaders = [] }: HttpPlanBase,
  headers: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(headers).filter(([name]) => !secretHeaders.includes(name) && !secretName.test(name)),
  );
}

/** A server may have sent an ETag that no request can carry. */
function sendable(conditions: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(conditions).filter(([, value]) => headerValueProblem(value) === null));
}

/** Links start from the page's address: what a record holds must not depend on a key, nor show it. */
export function withoutParameters(address: string, names: readonly string[]): string {
  const url = new URL(address);
  for (const name of names) url.searchParams.delete(name);
  return url.href;
}
