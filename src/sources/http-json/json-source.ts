import { jsonAccept } from '../http/accept-headers.ts';
import { truncate } from '../../domain/secrets/redact.ts';
import { UnreadableBody, messageOf } from '../../domain/errors.ts';
import { compileExpression } from '../../formats/jmespath.ts';
import { isTextDeeperThan, parseJson, type ParsedJson } from '../../formats/exact-json.ts';
import type { HttpJsonPlan } from '../../domain/plan/source-plan.ts';
import { maxDepth } from '../extraction/extract-record.ts';
import { noTrace, type Trace } from '../compute/trace.ts';
import type { DocumentFormat } from '../extraction/document-format.ts';
import { assertJsonSize, assertRecordCount } from '../extraction/json-limits.ts';
import { findRecords } from '../pagination/find-records.ts';
import { decodeDocument } from '../text/decode-document.ts';

/** Pages of a JSON API. */
export function jsonFormat(
  plan: Pick<HttpJsonPlan, 'name' | 'records' | 'encoding'>,
  trace: Trace = noTrace,
): DocumentFormat {
  const find = compileExpression(plan.records);
  return {
    accept: jsonAccept,
    read(response) {
      const contentType = response.headers['content-type'];
      const { body } = response;
      const { text, warnings } = decodeDocument({ kind: 'json', body, contentType, encoding: plan.encoding ?? null });
      assertJsonSize(`fetch: ${plan.name}`, text);
      const { value, exact } = parsePage(plan.name, text, contentType);
      trace.step('records');
      const records = findRecords(plan.name, plan.records, find, value);
      assertRecordCount(`fetch: ${plan.name}`, records);
      const mayBeDeep = isTextDeeperThan(text, maxDepth);
      const items = records.map((record, index) => ({ index, raw: { value: record, exact, mayBeDeep } }));
      return { items, value, warnings };
    },
  };
}

function parsePage(subject: string, text: string, contentType: string | undefined): ParsedJson {
  try {
    return parseJson(text);
  } catch (error) {
    const start = truncate(text.trimStart(), 40).replaceAll(/\s+/g, ' ');
    throw new UnreadableBody(
      `fetch: ${subject} answered with ${contentType ?? 'no content type'} that begins "${start}", expected JSON (${messageOf(error)})`,
    );
  }
}
