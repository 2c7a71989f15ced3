import { excerpt } from '../domain/excerpt.ts';
import { UnreadableBody, messageOf } from '../domain/errors.ts';
import { compileExpression } from '../domain/expression.ts';
import { isTextDeeperThan, parseJson, type ParsedJson } from '../domain/json.ts';
import type { HttpJsonPlan } from '../domain/source.ts';
import { maxDepth } from './extraction/extract-record.ts';
import type { DocumentFormat } from './http-pages.ts';
import { decodeText } from './http/charset.ts';
import { refuseHugeJson, refuseManyRecords } from './json-limits.ts';
import { findRecords } from './pagination/find-records.ts';

/** Pages of a JSON API. */
export function jsonFormat(plan: HttpJsonPlan): DocumentFormat {
  const find = compileExpression(plan.records);
  return {
    accept: 'application/json, */*;q=0.5',
    read(response) {
      const contentType = response.headers['content-type'];
      const text = decodeText(response.body, contentType);
      refuseHugeJson(`fetch: ${plan.name}`, text);
      const { value, exact } = parsePage(plan.name, text, contentType);
      const records = findRecords(plan.name, plan.records, find, value);
      refuseManyRecords(`fetch: ${plan.name}`, records);
      const mayBeDeep = isTextDeeperThan(text, maxDepth);
      return { items: records.map((record, index) => ({ index, raw: { value: record, exact, mayBeDeep } })), value };
    },
  };
}

function parsePage(subject: string, text: string, contentType: string | undefined): ParsedJson {
  try {
    return parseJson(text);
  } catch (error) {
    const start = excerpt(text.trimStart(), 40).replaceAll(/\s+/g, ' ');
    throw new UnreadableBody(
      `fetch: ${subject} answered with ${contentType ?? 'no content type'} that begins "${start}", expected JSON (${messageOf(error)})`,
    );
  }
}
