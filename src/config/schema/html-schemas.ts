import * as z from 'zod';
import { selector } from './css-selector.ts';
import { dateOrder, expression, pattern } from './value-schemas.ts';

const transform = z.strictObject({
  trim: z.boolean().default(false).describe('Removes white space at both ends.'),
  regex: pattern
    .optional()
    .describe('Keeps the first group, or the whole match if it has none; without a match there is no value.'),
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
    selector: selector.optional().describe('The first matching element in the item. Default: the item itself.'),
    attr: z.string().min(1).optional().describe("The element's attribute instead of its text."),
    html: z.boolean().default(false).describe('The markup inside the element instead of its text.'),
    type: z
      .enum(['string', 'number', 'date', 'url'])
      .default('string')
      .describe('`number` reads `£1,234.50`, `date` gives ISO 8601, `url` an absolute address.'),
    date_order: dateOrder
      .optional()
      .describe(
        'Order of numeric dates (`05/12/2024`). Default: as in `occurred_at`, otherwise detected from the page.',
      ),
    required: z.boolean().default(false).describe('Whether an item without a value is a dead letter.'),
    list: z.boolean().default(false).describe('Takes all matching elements, not only the first.'),
    json: expression
      .optional()
      .describe('Path into the JSON inside the element: `application/ld+json`, or an assignment in a script.'),
    transforms: z
      .array(transform)
      .default([])
      .describe('Steps applied to the text in this order; each trims, then matches, then replaces.'),
    get fields() {
      return z.record(z.string(), field).optional().describe('Nested fields: the value is an object.');
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
      json: expression.optional().describe('Takes the items from the JSON inside the element.'),
    })
    .describe('Where the records are on the page.'),
  fields: fields.default({}).describe('The record, field by field. Required unless `items.json` is set.'),
  page_fields: fields
    .default({})
    .describe(
      'Fields of the page itself, such as a token or a total: what the paths of the paginator read, as `cursor_path: token`. Each needs a `selector`.',
    ),
  detail: z
    .strictObject({
      url: expression.describe('Where the item has the URL of its own page.'),
      fields: fields.describe('Fields of that page.'),
      max_pages: z.int().min(1).max(100_000).default(1_000).describe('Maximum number of detail pages per run.'),
    })
    .optional()
    .describe('Fetches the page of each item and adds fields from it.'),
};
