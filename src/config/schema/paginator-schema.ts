import * as z from 'zod';
import { selector } from './css-selector.ts';
import { expression } from './value-schemas.ts';

const everyPaginator = {
  has_more_path: expression.optional().describe('Path that tells whether there are more pages.'),
  stop_after_empty_page: z
    .boolean()
    .optional()
    .describe(
      'Whether a page without records is the last. Default: `true` for `page_number` and `offset` without `has_more_path` and `total_path`; otherwise the page says whether more follow, for up to 10 empty pages in a row.',
    ),
  end_on: z
    .array(z.union([z.int().min(300).max(599), z.literal('repeat')], 'expected a status from 300 to 599, or repeat'))
    .min(1)
    .optional()
    .describe(
      'What ends a poll after its first page: statuses such as `404`, and `repeat` for a second page that repeats the first.',
    ),
  max_pages: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Maximum number of pages per run. A run that reaches it is `partial`, and its watermark does not change. With `incremental` the next run reads new records at the front and continues where this run stopped; both count.',
    ),
};

const resume = z
  .literal('token', 'expected token')
  .optional()
  .describe(
    'For APIs that report changes: the last token or link of a poll (`deltaLink`, `last_seq`) starts the next one. An empty page ends the poll. A refused token is dropped, and everything is read.',
  );

const paginator = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('single_page').describe('There is only one page.'), ...everyPaginator }),
  z.strictObject({
    type: z.literal('page_number').describe('A number that counts pages.'),
    page_param: z
      .string()
      .optional()
      .describe('Parameter for the page number. Default: `page`; none if the request names `${page}`.'),
    base_page: z.int().min(0).default(1).describe('Number of the first page.'),
    total_path: expression.optional().describe('Path of the number of pages.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('offset').describe('A number of records to skip.'),
    offset_param: z
      .string()
      .optional()
      .describe(
        'Parameter for the number of records to skip. Default: `offset`; none if the request names `${offset}`.',
      ),
    limit_param: z
      .string()
      .optional()
      .describe('Parameter for the page size. Default: `limit`; none if the request names `${limit}` or `${offset}`.'),
    limit: z.int().min(1).describe('Records per page.'),
    total_path: expression.optional().describe('Path of the number of records.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('cursor').describe('Each page has a token for the next page.'),
    cursor_path: expression.describe('Path of the token of the next page.'),
    cursor_param: z
      .string()
      .optional()
      .describe('Parameter for the token. Required unless the request names `${cursor}`.'),
    resume,
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('json_link').describe('Each page has the URL of the next page.'),
    next_url_path: expression.describe('Path of the URL of the next page.'),
    resume,
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('header_link').describe('The URL with `rel="next"` in the `Link` header.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('html_link').describe('The `href` of an element; for `html`.'),
    selector: selector.describe('The element whose `href` leads to the next page.'),
    ...everyPaginator,
  }),
]);

/** A paginator that keeps counting needs something that ends it. */
export const endingPaginator = paginator.check((context) => {
  const { type, stop_after_empty_page: stops, has_more_path: more, max_pages: most } = context.value;
  const total = 'total_path' in context.value ? context.value.total_path : undefined;
  if ((type !== 'page_number' && type !== 'offset') || stops !== false || more !== undefined || most !== undefined) {
    return;
  }
  if (total !== undefined) return;
  context.issues.push({
    code: 'custom',
    input: context.value,
    message: 'stop_after_empty_page: false needs another end: total_path, has_more_path or max_pages',
  });
});
