import { shownStart } from '../extraction/shown-start.ts';
import { jsonAccept } from '../http/accept-headers.ts';
import { UnreadableBody, messageOf } from '../../domain/errors.ts';
import { compileExpression } from '../../formats/jmespath/jmespath.ts';
import { hiddenValue, hidesValues } from '../../domain/plan/shaping-plan.ts';
import { isTextDeeperThan, parseDigits, parseJson, type ParsedJson } from '../../formats/exact-json.ts';
import type { HttpFormatPlan, HttpJsonPlan } from '../../domain/plan/source-plan.ts';
import { maxDepth } from '../extraction/extract-record.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { assertJsonSize, assertRecordCount } from '../extraction/json-limits.ts';
import { failedQuery } from './graphql-errors.ts';
import { findRecords } from '../pagination/find-records.ts';
import type { Warning } from '../../domain/run/warning.ts';
import { statedError } from '../extraction/stated-error.ts';
import { decodeDocument } from '../text/decode-document.ts';

/** Pages of a JSON API. */
export function jsonFormat(plan: HttpJsonPlan | HttpFormatPlan, trace: Trace = noTrace): DocumentFormat {
  const find = compileExpression(plan.records);
  return {
    accept: jsonAccept,
    read(response) {
      const contentType = response.headers['content-type'];
      const { body } = response;
      const { text, warnings } = decodeDocument({ kind: 'json', body, contentType, encoding: plan.encoding ?? null });
      assertJsonSize(`fetch: ${plan.name}`, text);
      const { value, exact } = parsePage(plan, text, contentType);
      const isQuery = plan.type === 'http_json' && plan.graphql === true;
      const failed = isQuery ? failedQuery(plan, value, response.status, text) : null;
      if (failed) return failed;
      trace.step('records');
      const error = statedError(value);
      const records = findRecords(plan.name, plan.records, find, value, hidesValues(plan) ? null : error);
      if (records.length === 0 && error !== null)
        return { items: [], next: null, value, warnings, problem: unproved(plan, error) };
      assertRecordCount(`fetch: ${plan.name}`, records);
      const mayBeDeep = isTextDeeperThan(text, maxDepth);
      const items = records.map((record, index) => ({ index, raw: { value: record, exact, mayBeDeep } }));
      return { items, value, warnings };
    },
  };
}

/** A page without records would be the last one. */
function unproved(plan: HttpJsonPlan | HttpFormatPlan, error: string): Warning {
  const shown = hidesValues(plan) ? hiddenValue : error;
  const message = `the answer has an error in place of records (${shown}), so that others may be missed; to repeat the request set on_response: [{ status: 200, body_contains: "…", action: retry }] with a part of the answer, or action: ignore if that is no error`;
  return { code: 'records_unproved', message, count: 1 };
}

function parsePage(plan: HttpJsonPlan | HttpFormatPlan, text: string, contentType: string | undefined): ParsedJson {
  const { name: subject } = plan;
  try {
    return plan.shaping ? parseDigits(text) : parseJson(text);
  } catch (error) {
    if (hidesValues(plan)) {
      throw new UnreadableBody(
        `fetch: ${subject} answered with ${contentType ?? 'no content type'}, expected JSON; what it sent is ${hiddenValue}`,
      );
    }
    throw new UnreadableBody(
      `fetch: ${subject} answered with ${contentType ?? 'no content type'}${shownStart(plan, text)}, expected JSON (${messageOf(error)})`,
    );
  }
}
