import { truncate } from '../../domain/secrets/redact.ts';
import { UnreadableBody, WrongShape } from '../../domain/errors.ts';
import { visibleText } from '../../domain/text/visible-text.ts';
import type { JobPlace } from '../../domain/plan/export-plan.ts';
import { ExactNumber, parseJson, writeDeepJson } from '../../formats/exact-json.ts';
import { compileFinder, type Expression } from '../../formats/jmespath/jmespath.ts';
import { sha256 } from '../../formats/sha256.ts';
import { assertJsonSize } from '../extraction/json-limits.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { decodeDocument } from '../text/decode-document.ts';

/** An answer about a job is small. */
export const maxAnswerBytes = 4 * 1024 * 1024;

/** The JSON of an answer; null if it has no body. @param subject what was requested, for messages */
export function readAnswer(subject: string, { body, headers }: HttpResponse): unknown {
  const contentType = headers['content-type'];
  const { text } = decodeDocument({ kind: 'json', body, contentType, encoding: null });
  if (text.trim() === '') return null;
  assertJsonSize(subject, text);
  try {
    return parseJson(text).value;
  } catch {
    throw new UnreadableBody(`${subject} was answered with ${contentType ?? 'no content type'}, expected JSON`);
  }
}

/**
 * The id of the job that an answer gives.
 * @param quotes whether messages may show what the source sent
 * @throws WrongShape
 */
export function jobIn(
  subject: string,
  place: JobPlace,
  answer: unknown,
  { headers, url }: HttpResponse,
  quotes = true,
): string {
  const found = 'path' in place ? compileFinder(place.path)(answer) : headers[place.header.toLowerCase()];
  const id = found instanceof ExactNumber ? found.text : found;
  if ((typeof id === 'string' && id.trim() !== '') || typeof id === 'number') {
    const text = String(id).trim();
    return 'header' in place && URL.canParse(text, url) && /^(?:https?:|\/)/i.test(text)
      ? new URL(text, url).href
      : text;
  }
  const where = 'path' in place ? `job "${place.path}"` : `the header ${place.header}`;
  const what =
    found === undefined || found === null ? 'nothing' : Array.isArray(found) ? 'a list' : `${typeof found} value`;
  const why = quotes ? reasonIn(null, answer) : null;
  throw new WrongShape(
    `${subject}: found ${what} at ${where} in the answer, expected the id of a job${why === null ? '' : `; the answer says: ${why}`}`,
  );
}

const maxShownId = 100;

/** A job's id as workflows may show it: an address may be a secret. */
export function shownJob(job: string): string {
  return /^(?:[a-z][\w+.-]*:)?\/\//i.test(job) || job.length > maxShownId ? sha256(job).slice(0, 16) : visibleText(job);
}

/** Whether a condition of the configuration holds for an answer. A condition that cannot be computed does not. */
export function holds(condition: string, answer: unknown): boolean {
  const value = compileFinder(condition)(answer);
  if (Array.isArray(value)) return value.length > 0;
  if (typeof value === 'string') return !['', 'false', '0', 'no'].includes(value.toLowerCase());
  return Boolean(value);
}

const usualReasons = compileFinder(
  [
    'error.message || error_message || errorMessage || error_description || failure_reason || failureReason',
    'errors[0].message || message || reason || detail || details || error || errors',
  ].join(' || '),
);

/** Why a job failed, as its API says it, without addresses; null if it does not. @param path JMESPath; null = the usual names */
export function reasonIn(path: string | null, answer: unknown): string | null {
  const find: Expression = path === null ? usualReasons : compileFinder(path);
  const found = find(answer);
  if (found === null || found === undefined || found === '') return null;
  const text = typeof found === 'string' ? found : found instanceof ExactNumber ? found.text : writeDeepJson(found);
  return truncate(visibleText(withoutAddresses(text).replaceAll(/\s+/g, ' ').trim()), 500);
}

/** Addresses of jobs and documents may be secrets. */
function withoutAddresses(text: string): string {
  return text.replaceAll(/\b[a-z][a-z\d+.-]*:\/\/[^\s"'<>]+/gi, '[address]');
}

const usualStates = compileFinder(
  'status || state || job_status || jobStatus || data.status || data.state || job.status || job.state',
);

/** What the API calls the state of a job, where it is a word; null if it is none. */
export function stateIn(answer: unknown): string | null {
  const found = usualStates(answer);
  return typeof found === 'string' && /^[\w .-]{1,40}$/.test(found) ? found : null;
}
