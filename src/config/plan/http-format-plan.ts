import type { HttpFormatPlan, HttpJsonPlan } from '../../domain/plan/source-plan.ts';
import type { Config } from '../file/parse-config.ts';
import { csvOptions } from '../schema/csv-options.ts';
import type { HttpConfig } from '../schema/source-schemas.ts';
import { maskOptions } from '../secrets/secrets.ts';
import { csvPlan } from './csv-plan.ts';
import { fieldPlans, pageFieldsOf } from './html-plan.ts';
import { httpBase, httpJsonPlan } from './http-plan.ts';
import { findPlaceholders } from './named-placeholders.ts';
import { incrementalPlan, paginatorPlan } from './paginator-plan.ts';

/** Of a body that is held, and of one that is read piece by piece. */
const defaultMaxBody = 64 * 1024 * 1024;
const defaultMaxStream = 10 * 1024 ** 3;

/** With `format: json` it is a source of `http_json`, with its fingerprints. */
export function httpPlan(config: Config, source: HttpConfig): HttpJsonPlan | HttpFormatPlan {
  const { format, csv, items, fields, sheet, entry, records = '@', max_body: written, ...rest } = source;
  const { page_fields: _pageFields, ...api } = rest;
  const maxBody = written ?? defaultMaxBody;
  if (format === 'json') {
    return httpJsonPlan(config, { ...api, type: 'http_json', records, max_body: maxBody }, entry);
  }
  const { method, body } = source;
  const plans = {
    format: format ?? null,
    records,
    csv: csvPlan(csv ?? csvOptions.parse({})),
    items: items ? { selector: items.selector, json: items.json ?? null } : null,
    fields: fieldPlans(fields),
    sheet: sheet ?? null,
    entry: entry ?? null,
  };
  const pageFields = pageFieldsOf(source);
  const { records: _records, csv: csvShape, items: itemsShape, fields: fieldsShape, ...place } = plans;
  const shaping = { records, csv: csvShape, items: itemsShape, fields: fieldsShape };
  const named = findPlaceholders(source);
  const paginator = paginatorPlan(source.paginator, named);
  const asked = { ...place, ...pageFields, method, ...(body === undefined ? {} : { body }) };
  const incremental = incrementalPlan(source, named);
  return {
    ...httpBase(config, { ...source, max_body: maxBody }, paginator, incremental, shaping, { request: asked }),
    type: 'http',
    method,
    ...(body === undefined ? {} : { body: maskOptions('body', body) }),
    ...plans,
    ...pageFields,
    maxStreamBytes: written ?? defaultMaxStream,
  };
}
