import type { ResponseAction, ResponseRule } from '../../domain/plan/plan-parts.ts';
import type { HttpPlanBase } from '../../domain/plan/source-plan.ts';
import type { Credentials } from '../auth/credentials.ts';
import { decodeText } from '../text/decode-document.ts';
import type { HttpResponse } from './http-client.ts';
import { askedWait } from './rate-limit.ts';

export type RuledAction = Exclude<ResponseAction, 'dead_letter'>;

/** A younger token is not the cause of a 403. */
const youngTokenMs = 60_000;

/** Whether an answer says that the token or session of its request is not valid any more. */
export function refusesToken(plan: HttpPlanBase, response: HttpResponse, { tokenSince }: Credentials): boolean {
  if (tokenSince === null) return false;
  if (response.status === 401 || isExpired(plan, response)) return true;
  const rule = ruleFor(plan, response);
  if (rule !== null || response.status !== 403) return rule === 'reauthenticate';
  const now = new Date();
  return !askedWait(403, response.headers, now).isRateLimit && now.getTime() - tokenSince > youngTokenMs;
}

/** What the configuration says that an expired session looks like. */
export function isExpired({ auth, encoding }: HttpPlanBase, { status, headers, body }: HttpResponse): boolean {
  if (auth?.type !== 'session' || auth.expiredWhen === null) return false;
  const { status: expected, bodyContains } = auth.expiredWhen;
  if (expected !== null && expected !== status) return false;
  return bodyContains === null || decodeText(body, headers['content-type'], encoding ?? null).includes(bodyContains);
}

/** What the configuration says about an answer; null = nothing. */
export function ruleFor(plan: HttpPlanBase, { status, headers, body }: HttpResponse): RuledAction | null {
  if (plan.onResponse.length === 0) return null;
  let text: string | null = null;
  const rule = plan.onResponse.find((candidate): candidate is ResponseRule & { readonly action: RuledAction } => {
    // It is for what is read from the response.
    if (candidate.action === 'dead_letter') return false;
    if (candidate.status !== null && candidate.status !== status) return false;
    if (candidate.bodyContains === null) return true;
    text ??= decodeText(body, headers['content-type'], plan.encoding ?? null);
    return text.includes(candidate.bodyContains);
  });
  return rule?.action ?? null;
}
