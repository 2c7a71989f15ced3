import { z } from 'zod';
import { selector } from './css-selector.ts';
import { dateOrder, expression, pattern } from './value-schemas.ts';

const transform = z.strictObject({
  trim: z.boolean().default(false).describe('Takes white space away at both ends.'),
  regex: pattern.optional().describe('Keeps its first group, or the whole match; without a match there is no value.'),
  replace: z
    .strictObject({
      pattern: pattern.describe('Each match is replaced …'),
      with: z.string().describe('… by this; `$1` is its first group.'),
    })
    .optional()
    .describe('Replaces what matches.'),
});

const field = z
  .strictObject({
    selector: selector.optional().describe('First element within the item that matches; without it the item itself.'),
    attr: z.string().min(1).optional().describe("The element's attribute instead of its text."),
    html: z.boolean().default(false).describe('The markup within the element instead of its text.'),
    type: z
      .enum(['string', 'number', 'date', 'url'])
      .default('string')
      .describe('`number` reads `£1,234.50`, `date` gives ISO 8601, `url` an absolute address.'),
    date_order: dateOrder
      .optional()
      .describe(
        'How a `date` of numbers (`05/12/2024`) is written. Without it: as `occurred_at` says, else as the page shows.',
      ),
    required: z.boolean().default(false).describe('Whether an item without a value is a dead letter.'),
    list: z.boolean().default(false).describe('All elements that match, not only the first.'),
    json: expression
      .optional()
      .describe('Path into the JSON that the element holds: `application/ld+json`, or an assignment in a script.'),
    transforms: z
      .array(transform)
      .default([])
      .describe('Steps through which the text goes, in this order; each trims, then looks, then replaces.'),
    get fields() {
      return z.record(z.string(), field).optional().describe('Fields of its own: the value is an object.');
    },
  })
  .meta({ id: 'field' });

export type FieldConfig = z.infer<typeof field>;

const fields = z.record(z.string(), field);

/** Keys of a source of web pages. */
export const htmlShape = {
  items: z
    .strictObject({
      selector: selector.describe('Each element that matches is an item.'),
      json: expression.optional().describe('Takes the items from the JSON that the element holds.'),
    })
    .describe('Where the records of a page are.'),
  fields: fields.default({}).describe('The record, field by field. Required unless `items.json` is set.'),
  detail: z
    .strictObject({
      url: expression.describe("Where the item holds its own page's address."),
      fields: fields.describe('Fields found there.'),
      max_pages: z.int().min(1).max(100_000).default(1_000).describe('Detail pages of a run at most.'),
    })
    .optional()
    .describe('Fetches the page of each item and adds fields of it.'),
};
