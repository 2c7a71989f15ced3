import { load } from 'cheerio/slim';
import { z } from 'zod';
import { expression, pattern } from './value-schemas.ts';

const emptyPage = load('');

/** A CSS selector, checked by looking with it. */
const selector = z.string().check((context) => {
  try {
    emptyPage(context.value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    context.issues.push({
      code: 'custom',
      input: context.value,
      message: `found "${context.value}", expected a CSS selector (${why})`,
    });
  }
});

const transform = z.strictObject({
  trim: z.boolean().default(false),
  regex: pattern.optional(),
  replace: z.strictObject({ pattern, with: z.string() }).optional(),
});

const field = z
  .strictObject({
    selector: selector.optional(),
    attr: z.string().min(1).optional(),
    html: z.boolean().default(false),
    type: z.enum(['string', 'number', 'date', 'url']).default('string'),
    required: z.boolean().default(false),
    list: z.boolean().default(false),
    json: expression.optional(),
    transforms: z.array(transform).default([]),
    get fields() {
      return z.record(z.string(), field).optional();
    },
  })
  .meta({ id: 'field' });

export type FieldConfig = z.infer<typeof field>;

const fields = z.record(z.string(), field);

/** Keys of a source of web pages. */
export const htmlShape = {
  items: z.strictObject({ selector, json: expression.optional() }),
  fields: fields.default({}),
  detail: z.strictObject({ url: expression, fields, max_pages: z.int().min(1).max(100_000).default(1_000) }).optional(),
};
