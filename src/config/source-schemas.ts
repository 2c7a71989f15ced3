import { z } from 'zod';
import { canarySource } from '../domain/names.ts';
import { sourceNamePattern } from '../domain/source-name.ts';
import { sourceTypes } from '../domain/source.ts';
import { htmlShape } from './html-schemas.ts';
import { endingPaginator, fetchLimits, httpShape, incremental } from './http-schemas.ts';
import { byteSize, duration } from './units.ts';
import { encoding, expression, occurredAt, requiredOccurredAt, retry, schedule } from './value-schemas.ts';

const name = z
  .string()
  .regex(sourceNamePattern, {
    error: (issue) =>
      `found "${String(issue.input)}", expected 1 to 63 of a-z, 0-9, _ and -, starting with a letter or digit`,
  })
  .refine((text) => text !== canarySource, `found "${canarySource}", which is reserved for the canary`);

const id = z.union([expression, z.array(expression).min(1)], 'expected a JMESPath expression or a list of them');

/** Keys of every source. */
const commonShape = {
  name,
  id,
  occurred_at: requiredOccurredAt,
  retry: retry.default({ max_attempts: 8, initial_interval: 1_000, backoff_coefficient: 2, max_interval: 60_000 }),
  schedule: schedule.optional(),
  schema: z.string().optional(),
  on_invalid: z.enum(['dead_letter', 'fail']).default('dead_letter'),
  max_reject_ratio: z.number().min(0).max(1).default(0.5),
  max_record: byteSize().default(8 * 1024 ** 2),
  allow_empty: z.boolean().default(false),
  expect: z.strictObject({ min_records: z.int().min(0).optional(), max_staleness: duration(1).optional() }).optional(),
};

/** How a CSV file is written. */
const csvOptions = z.strictObject({
  delimiter: z.string().length(1, 'expected one character').default(','),
  quote: z.string().length(1, 'expected one character').default('"'),
  header: z
    .union([z.boolean(), z.array(z.string().min(1)).min(1)], 'expected true, false or a list of names')
    .default(true),
  encoding: encoding.optional(),
});

const httpJsonSource = z.strictObject({
  type: z.literal('http_json'),
  ...commonShape,
  ...httpShape,
  method: z.enum(['GET', 'POST']).default('GET'),
  body: z.unknown().optional(),
  records: expression.default('@'),
  paginator: endingPaginator.default({ type: 'single_page', stop_after_empty_page: true }),
  incremental: incremental.optional(),
});

const fileSource = z.strictObject({
  type: z.literal('file'),
  ...commonShape,
  path: z.string().min(1),
  format: z.enum(['ndjson', 'json', 'csv']).optional(),
  records: expression.default('@'),
  max_body: byteSize().default(64 * 1024 ** 2),
  csv: csvOptions.default({ delimiter: ',', quote: '"', header: true }),
});

const rssSource = z.strictObject({
  type: z.literal('rss'),
  ...commonShape,
  ...httpShape,
  id: id.optional(),
  occurred_at: occurredAt.optional(),
});

const htmlSource = z.strictObject({
  type: z.literal('html'),
  ...commonShape,
  ...httpShape,
  ...htmlShape,
  paginator: endingPaginator.default({ type: 'single_page', stop_after_empty_page: true }),
});

const moduleSource = z.strictObject({
  type: z.literal('module'),
  ...commonShape,
  module: z.string().min(1),
  options: z.record(z.string(), z.unknown()).default({}),
  ...fetchLimits,
});

export const sourceSchemas = [httpJsonSource, rssSource, htmlSource, fileSource, moduleSource] as const;

/** One entry of `sources`, defaults already inherited. */
export const source = z
  .discriminatedUnion('type', sourceSchemas, {
    error: (issue) =>
      `found ${JSON.stringify((issue.input as { type?: unknown } | undefined)?.type) ?? 'no type'}, expected ${sourceTypes.join(', ')}`,
  })
  .check(checkTogether);

/** Keys that make sense together only. */
function checkTogether(context: z.core.ParsePayload<z.infer<(typeof sourceSchemas)[number]>>): void {
  const { value } = context;
  if (value.type === 'http_json' && value.method === 'GET' && value.body !== undefined) {
    const message = 'found a body, which a GET does not send, expected method: POST';
    context.issues.push({ code: 'custom', input: value, path: ['body'], message });
  }
  if (value.type === 'html' && value.items.json === undefined && Object.keys(value.fields).length === 0) {
    const message = 'found no fields, expected at least one, or items.json';
    context.issues.push({ code: 'custom', input: value, path: ['fields'], message });
  }
}

export type SourceConfig = z.infer<typeof source>;
export type HttpJsonConfig = z.infer<typeof httpJsonSource>;
export type RssConfig = z.infer<typeof rssSource>;
export type HtmlConfig = z.infer<typeof htmlSource>;
export type FileConfig = z.infer<typeof fileSource>;
export type ModuleConfig = z.infer<typeof moduleSource>;

/** Keys that a source of the type may bear; all keys of all types where the type is unknown. */
export function keysOfSource(type: unknown): ReadonlySet<string> {
  const fitting = sourceSchemas.filter((schema) => schema.shape.type.value === type);
  return new Set((fitting.length > 0 ? fitting : sourceSchemas).flatMap((schema) => Object.keys(schema.shape)));
}
