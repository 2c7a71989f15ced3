import { z } from 'zod';
import { selector } from './css-selector.ts';
import { expression, pattern } from './value-schemas.ts';

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
