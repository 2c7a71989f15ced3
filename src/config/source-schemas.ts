import { z } from 'zod';
import { canarySource } from '../domain/names.ts';
import { sourceNamePattern } from '../domain/source-name.ts';
import { sourceTypes } from '../domain/source.ts';
import { endingPaginator, httpShape, incremental } from './http-schemas.ts';
import { byteSize, duration } from './units.ts';
import { expression, occurredAt, requiredOccurredAt, retry, schedule } from './value-schemas.ts';

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

const transform = z.strictObject({
  trim: z.boolean().optional(),
  regex: z.string().optional(),
  replace: z.strictObject({ pattern: z.string(), with: z.string() }).optional(),
});

const field = z.strictObject({
  selector: z.string().optional(),
  attr: z.string().optional(),
  html: z.boolean().optional(),
  type: z.enum(['string', 'number', 'date', 'url']).optional(),
  required: z.boolean().optional(),
  list: z.boolean().optional(),
  json: expression.optional(),
  transforms: z.array(transform).optional(),
  get fields() {
    return z.record(z.string(), field).optional();
  },
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
  csv: z
    .strictObject({
      delimiter: z.string().optional(),
      quote: z.string().optional(),
      header: z.union([z.boolean(), z.array(z.string())]).optional(),
      encoding: z.string().optional(),
    })
    .optional(),
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
  items: z.strictObject({ selector: z.string() }),
  fields: z.record(z.string(), field),
  detail: z.strictObject({ url: z.string(), fields: z.record(z.string(), field) }).optional(),
  paginator: endingPaginator.default({ type: 'single_page', stop_after_empty_page: true }),
});

const moduleSource = z.strictObject({ type: z.literal('module'), ...commonShape, module: z.string().min(1) });

const schemas = [httpJsonSource, rssSource, htmlSource, fileSource, moduleSource] as const;

/** One entry of `sources`, defaults already inherited. */
export const source = z.discriminatedUnion('type', schemas, {
  error: (issue) =>
    `found ${JSON.stringify((issue.input as { type?: unknown } | undefined)?.type) ?? 'no type'}, expected ${sourceTypes.join(', ')}`,
});

export type SourceConfig = z.infer<typeof source>;
export type HttpJsonConfig = z.infer<typeof httpJsonSource>;
export type FileConfig = z.infer<typeof fileSource>;

/** Keys that a source of the type may bear; all keys of all types where the type is unknown. */
export function keysOfSource(type: unknown): ReadonlySet<string> {
  const fitting = schemas.filter((schema) => schema.shape.type.value === type);
  return new Set((fitting.length > 0 ? fitting : schemas).flatMap((schema) => Object.keys(schema.shape)));
}
