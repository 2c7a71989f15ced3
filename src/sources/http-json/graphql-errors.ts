import { SourceUnavailable } from '../../domain/errors.ts';
import { isObject } from '../../domain/is-object.ts';
import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import type { HttpJsonPlan } from '../../domain/plan/source-plan.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import type { ReadPage } from '../extraction/document-format.ts';
import { textForDeadLetter } from '../extraction/extract-record.ts';

/**
 * A response with `errors` is not complete, whatever data it has: the attempt fails, or `on_response` keeps the response as a dead
 * letter, and the poll ends `partial`. Null = it has no errors.
 * @throws SourceUnavailable
 */
export function failedQuery(plan: HttpJsonPlan, page: unknown, status: number, text: string): ReadPage | null {
  const errors = isObject(page) ? page['errors'] : undefined;
  if (errors === undefined || errors === null || (Array.isArray(errors) && errors.length === 0)) return null;
  const message = `the query was answered with errors, expected data only: ${hidesValues(plan) ? hiddenValue : messagesOf(errors)}`;
  if (!keepsFailed(plan, status, text)) throw new SourceUnavailable(`fetch: ${plan.name}: ${message}`);
  const rejection = { reason: 'wrong_shape', message } as const;
  return {
    items: [{ index: 0, rejection, recordText: textForDeadLetter(text) }],
    next: null,
    broken: message,
  };
}

function keepsFailed({ onResponse }: HttpJsonPlan, status: number, text: string): boolean {
  return onResponse.some(
    (rule) =>
      rule.action === 'dead_letter' &&
      (rule.status === null || rule.status === status) &&
      (rule.bodyContains === null || text.includes(rule.bodyContains)),
  );
}

function messagesOf(errors: unknown): string {
  const listed: readonly unknown[] = Array.isArray(errors) ? errors : [errors];
  const [first] = listed;
  const message = isObject(first) && typeof first['message'] === 'string' ? first['message'] : JSON.stringify(first);
  const more = listed.length > 1 ? ` (and ${listed.length - 1} more)` : '';
  return `${truncate(message ?? '', 200)}${more}`;
}
