import * as z from 'zod';
import { selector } from './css-selector.ts';
import { headerNameProblem, isHeaderName, parameters, url } from './http-values.ts';
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

/** What pages after the first are requested with, where that differs. */
export const following = z
  .strictObject({
    url: url.optional().describe('URL instead of `url`, of the same origin.'),
    params: parameters
      .optional()
      .describe('Query parameters instead of `params`; those of `incremental` are not added.'),
    body: z.unknown().optional().describe('Body instead of `body`.'),
  })
  .optional()
  .describe(
    'Where pages after the first have a request of their own, such as `/scroll` or `/continue`: what replaces that of the first. Needs `${cursor}` in it, and `paginator: cursor`.',
  );

const totalHeader = z.string().refine(isHeaderName, { error: (issue) => headerNameProblem(String(issue.input)) });

const shifting = z
  .boolean()
  .optional()
  .describe(
    'Whether records are deleted while pages are read, so that others move to pages already read: each page is then read once more after the next one.',
  );

const resume = z
  .literal('token', 'expected token')
  .optional()
  .describe(
    'For APIs that report changes: the last token or link of a poll (`deltaLink`, `last_seq`) starts the next one. An empty page ends the poll, or `has_more_path`, with the token of its page. A refused token is dropped, and everything is read.',
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
    total_header: totalHeader.optional().describe('Header with the number of pages, such as `X-Total-Pages`.'),
    shifting,
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
    base_offset: z
      .int()
      .min(0)
      .optional()
      .describe('Offset of the first record; `1` for APIs that count records from 1. Default: 0.'),
    total_path: expression.optional().describe('Path of the number of records.'),
    total_header: totalHeader.optional().describe('Header with the number of records, such as `X-Total-Count`.'),
    next_offset_path: expression
      .optional()
      .describe('Path of the offset of the next page, where the page says it. Without a value it is the last one.'),
    next_offset_header: totalHeader.optional().describe('Header with the offset of the next page.'),
    max_offset: z
      .int()
      .min(1)
      .optional()
      .describe(
        'Largest offset that the API accepts. Behind it the poll begins again at the first record with the time of the last record (`start_param` or `${since}`). Needs `incremental`, and records in ascending order of its `cursor`.',
      ),
    shifting,
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('cursor').describe('Each page has a token for the next page.'),
    cursor_path: expression
      .optional()
      .describe('Path of the token of the next page. Either this or `cursor_header` is required.'),
    cursor_header: totalHeader.optional().describe('Header with the token of the next page.'),
    cursor_param: z
      .string()
      .optional()
      .describe('Parameter for the token. Required unless the request names `${cursor}`.'),
    resume,
    ...everyPaginator,
  }),
  z.strictObject({
    type: z
      .literal('keyset')
      .describe('Each page begins after the last record of the one before. Records must be in ascending order.'),
    key: expression
      .optional()
      .describe(
        'Path of the value in a record that they are ordered by. Default: the path of `${last:PATH}` in the request.',
      ),
    key_param: z
      .string()
      .optional()
      .describe('Parameter for the value of the last record. Required unless the request names `${last:PATH}`.'),
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
  const total = 'total_path' in context.value ? (context.value.total_path ?? context.value.total_header) : undefined;
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
