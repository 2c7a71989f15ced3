import { WrongShape } from '../../domain/errors.ts';
import type { ExportPlan, ExportRequestPlan } from '../../domain/plan/export-plan.ts';
import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { HttpPlan } from '../../domain/plan/source-plan.ts';
import type { FetchPosition, HttpPosition } from '../../domain/state/fetch-position.ts';
import { parseJson } from '../../formats/exact-json.ts';
import type { TemplateValues } from '../../formats/template/template-values.ts';
import { jsonAccept } from '../http/accept-headers.ts';
import { askedWait } from '../http/rate-limit.ts';
import { fetchDocument, type Answer, type HttpTools } from '../http/fetch-document.ts';
import { templateValues } from '../pagination/fill-request.ts';
import { timeParameters } from '../pagination/time-parameters.ts';
import { documentAddresses } from './document-addresses.ts';
import { exportRequest, targetOf } from './export-request.ts';
import { holds, jobIn, maxAnswerBytes, readAnswer, reasonIn, stateIn } from './job-answer.ts';

/** A source whose records are prepared as a job. */
export type ExportingPlan = HttpPlan & { readonly export: ExportPlan };

/** What a request needs to know of a job. */
export interface KnownJob {
  /** Its id, or its address. */
  readonly job: string;
  /** JSON text of the answer that gave it; null if no request needs it. */
  readonly answer: string | null;
  /** When it was requested, ISO 8601, and the times that it was requested for: canonical text, null = none. */
  readonly submittedAt: string;
  readonly since: string | null;
  readonly until: string | null;
}

export interface Submission {
  readonly kind: 'submitted';
  readonly known: KnownJob;
  /** How long the API asks not to be called. */
  readonly waitMs: number;
}

export type JobFindings =
  | { readonly kind: 'pending'; readonly state: string | null; readonly waitMs: number }
  | { readonly kind: 'done'; readonly addresses: readonly string[] }
  | { readonly kind: 'failed'; readonly message: string };

export interface RateLimited {
  readonly kind: 'rate_limited';
  readonly notBefore: Date;
}

/** Where requests go, and how. */
export interface Calling {
  readonly plan: ExportingPlan;
  readonly http: HttpTools;
  readonly signal: AbortSignal;
}

/**
 * Starts a job.
 * @param key makes repeated requests one job, where the API knows that
 */
export async function submitJob(
  calling: Calling,
  { startedAt: submittedAt, place }: FetchPosition,
  key: string,
): Promise<Submission | RateLimited> {
  const { plan } = calling;
  if (place.type !== 'http')
    throw new TypeError(`source ${plan.name} has an export, but its position is of type ${place.type}`);
  const { since, until = null } = place;
  const { submit, idempotencyHeader } = plan.export;
  const keyed = idempotencyHeader === null ? {} : { [idempotencyHeader]: key };
  const request = {
    ...submit,
    params: { ...submit.params, ...timeParameters(plan, place) },
    headers: { ...submit.headers, ...keyed },
  };
  const answer = await call(calling, 'submit', request, templateValues(plan, place));
  if (answer.kind === 'rate_limited') return answer;
  const subject = `export: ${plan.name}: submit`;
  if (answer.kind !== 'document')
    throw new WrongShape(`${subject}: its answer is ignored by on_response, expected the id of a job`);
  const { response } = answer;
  const value = readAnswer(subject, response);
  const job = jobIn(subject, submit.job, value, response, !hidesValues(plan));
  const text = namesAnswer(plan.export) ? (value === null ? 'null' : response.body.toString()) : null;
  return { kind: 'submitted', known: { job, answer: text, submittedAt, since, until }, waitMs: waitOf(answer) };
}

/** Asks how far a job is. */
export async function lookAtJob(calling: Calling, known: KnownJob): Promise<JobFindings> {
  const { plan } = calling;
  const { status, download } = plan.export;
  const values = valuesOf(plan, known);
  const answer = await call(calling, 'status', status, values);
  if (answer.kind === 'rate_limited') {
    return { kind: 'pending', state: null, waitMs: Math.max(0, answer.notBefore.getTime() - Date.now()) };
  }
  if (answer.kind !== 'document') return { kind: 'pending', state: null, waitMs: 0 };
  const subject = `export: ${plan.name}: status`;
  const found = readAnswer(subject, answer.response);
  if (status.failedWhen !== null && holds(status.failedWhen, found)) {
    const reason = reasonIn(status.message, found);
    const message = reason !== null && hidesValues(plan) ? `why is ${hiddenValue}` : reason;
    return { kind: 'failed', message: message ?? 'its answer gives no reason' };
  }
  if (!holds(status.doneWhen, found)) return { kind: 'pending', state: stateIn(found), waitMs: waitOf(answer) };
  return { kind: 'done', addresses: documentAddresses(plan, download, { ...values, status: found }) };
}

/** Cancels a job; one that is over already is no failure. */
export async function cancelJob(calling: Calling, known: KnownJob): Promise<void> {
  const { plan } = calling;
  const { cancel } = plan.export;
  if (cancel) await call(calling, 'cancel', cancel, valuesOf(plan, known), overAlready);
}

/** Statuses of a request for a job that is over, or forgotten. */
const overAlready: ReadonlySet<number> = new Set([404, 409, 410, 422]);

async function call(
  { plan, http, signal }: Calling,
  part: string,
  request: ExportRequestPlan,
  values: TemplateValues,
  mayRefuse?: ReadonlySet<number>,
): Promise<Answer> {
  const target = targetOf(plan, part, request, values);
  const named = { name: `${part} of its export`, accept: jsonAccept };
  const { plan: asked, document } = exportRequest(plan, request, target, values, named);
  const limited = { ...asked, maxBodyBytes: Math.min(asked.maxBodyBytes, maxAnswerBytes) };
  return fetchDocument(limited, { ...document, ...(mayRefuse ? { mayRefuse } : {}) }, http, { signal });
}

/** What the placeholders of a request about a job stand for. */
export function valuesOf(plan: HttpPlan, { job, answer, submittedAt: now, since, until }: KnownJob): TemplateValues {
  const times = { since, ...(until === null ? {} : { until }), values: { now } };
  const place: HttpPosition = { type: 'http', page: 0, cursor: null, skip: 0, recentPages: [], ...times };
  return {
    ...templateValues(plan, place),
    job,
    ...(answer === null ? {} : { submit: parseJson(answer).value }),
  };
}

function waitOf({ response, fetchedAt }: Extract<Answer, { kind: 'document' }>): number {
  return askedWait(response.status, response.headers, fetchedAt).waitMs ?? 0;
}

/** Whether a request names the answer that gave the job. */
function namesAnswer({ status, download, cancel }: ExportPlan): boolean {
  return JSON.stringify([status, download, cancel]).includes('${submit');
}
