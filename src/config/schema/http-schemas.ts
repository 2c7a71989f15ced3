import * as z from 'zod';
import { headerValueProblem } from '../../domain/text/header-value.ts';
import { selector } from './css-selector.ts';
import { expression, isoTime, timeFormat } from './value-schemas.ts';
import { byteSize, duration, foundOf } from './units.ts';
import { urlProblem } from './url-problem.ts';

const scalar = z
  .union([z.string(), z.number(), z.boolean()], 'expected a text, a number, true or false')
  .meta({ title: 'text, number, true or false' })
  .transform(String);

const url = z
  .string()
  .check((context) => {
    const problem = urlProblem(context.value);
    if (problem !== null) context.issues.push({ code: 'custom', input: context.value, message: problem });
  })
  .meta({ title: 'URL' });

const origin = z
  .string()
  .check((context) => {
    const { value } = context;
    const problem = urlProblem(value);
    if (problem === null && new URL(value).origin === value.replace(/\/$/, '')) return;
    const message = problem ?? `found "${value}", expected an origin such as https://pages.example.com`;
    context.issues.push({ code: 'custom', input: value, message });
  })
  .meta({ title: 'origin' })
  .transform((text) => new URL(text).origin);

const auth = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bearer').describe('A token.'),
    token: z.string().describe('Sent as `Authorization: Bearer …`.'),
  }),
  z
    .strictObject({
      type: z.literal('api_key').describe('A key in a header or a query parameter.'),
      name: z.string().min(1).describe('Name of the header or query parameter.'),
      location: z.enum(['header', 'query']).default('header').describe('Where the key is sent.'),
      api_key: z.string().describe('The key.'),
    })
    .check((context) => {
      const { name, location } = context.value;
      if (location === 'query' || isHeaderName(name)) return;
      context.issues.push({ code: 'custom', input: name, path: ['name'], message: headerNameProblem(name) });
    }),
  z.strictObject({
    type: z.literal('http_basic').describe('A user name and a password.'),
    username: z.string().describe('User name.'),
    password: z.string().describe('Password.'),
  }),
  z.strictObject({
    type: z
      .literal('oauth2_client_credentials')
      .describe('A token requested with a client id and secret, and kept until it expires.'),
    token_url: url.describe('URL that issues tokens.'),
    client_id: z.string().describe('Client id.'),
    client_secret: z.string().describe('Client secret.'),
    scope: z.string().optional().describe('Scopes to request, separated by spaces.'),
    credentials: z
      .enum(['header', 'body'])
      .default('body')
      .describe('Whether id and secret are sent to `token_url` in the `Authorization` header or in the body.'),
  }),
]);

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
    page_param: z.string().default('page').describe('Parameter for the page number.'),
    base_page: z.int().min(0).default(1).describe('Number of the first page.'),
    total_path: expression.optional().describe('Path of the number of pages.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('offset').describe('A number of records to skip.'),
    offset_param: z.string().default('offset').describe('Parameter for the number of records to skip.'),
    limit_param: z.string().default('limit').describe('Parameter for the page size.'),
    limit: z.int().min(1).describe('Records per page.'),
    total_path: expression.optional().describe('Path of the number of records.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('cursor').describe('Each page has a token for the next page.'),
    cursor_path: expression.describe('Path of the token of the next page.'),
    cursor_param: z.string().describe('Parameter for the token.'),
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

export const incremental = z.strictObject({
  cursor: expression.describe('Path of the time in a record that the source filters by.'),
  format: timeFormat.default('iso8601').describe('Format of the time in records and parameters.'),
  param_format: timeFormat.optional().describe('Format of the time in parameters, if it differs from `format`.'),
  start_param: z
    .string()
    .optional()
    .describe(
      'Parameter that requests newer records. Without it everything is requested, and older records are skipped.',
    ),
  end_param: z.string().optional().describe('Parameter that requests older records; backfills need it.'),
  initial_value: isoTime.optional().describe('Where the first run starts.'),
  order: z
    .enum(['asc', 'desc'])
    .default('asc')
    .describe(
      '`desc`: the API returns the newest records first. Once all records of a page are already stored and older than `lag`, later pages are not read.',
    ),
  lag: duration()
    .prefault('0s')
    .describe(
      'How far each run looks back before the newest record, to find late records. A backfill window is extended by this on both sides.',
    ),
});

/** A proxy may want a user name and password: they are in its URL. */
const proxy = z
  .string()
  .refine((text) => isHttpUrl(text.replaceAll(/\$\{env:[^}]*\}/g, '1')), {
    error: 'expected an http or https URL such as http://proxy.example.com:3128',
  })
  .meta({ title: 'URL' });

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Limits of a request. */
export const fetchLimits = {
  allow_private: z
    .boolean()
    .default(false)
    .describe('Whether loopback, private and link-local addresses are allowed. Cloud metadata addresses never are.'),
  // Node's timers end at 24.8 days: a longer one would fire at once.
  timeout: duration(1, 86_400_000)
    .prefault('60s')
    .describe('Time limit for a whole request, including redirects and body. At most a day.'),
  max_body: byteSize().prefault('64MiB').describe('Maximum body size after decoding.'),
};

/** Keys of every source that is fetched over HTTP. */
export const httpShape = {
  ...fetchLimits,
  url: url.describe('URL, http or https.'),
  headers: z
    .record(z.string(), scalar)
    .check(checkHeaders)
    .default({})
    .describe('Sent to the origin of `url` only, never across a redirect to another.'),
  params: z
    .record(z.string(), z.union([scalar, z.array(scalar)], 'expected a text, a number, true, false, or a list of such'))
    .default({})
    .describe('Query parameters; one with a list is sent once for each of its values.'),
  auth: auth.optional().describe('Sent to the origin of `url` only, never across a redirect to another.'),
  trusted_origins: z
    .array(origin)
    .min(1)
    .optional()
    .describe(
      'Other origins that next pages may be on, such as `https://pages.example.com`; headers and `auth` are sent to them as well.',
    ),
  proxy: proxy
    .optional()
    .describe(
      'Proxy URL; may contain user and password. Default: `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment.',
    ),
  robots: z
    .enum(['obey', 'ignore'])
    .optional()
    .describe('Whether robots.txt is obeyed. Default: `obey` for `html`, otherwise `ignore`.'),
  rate_limit: z
    .strictObject({
      requests: z.int().min(1).describe('Maximum number of requests …'),
      per: duration(1).describe('… per this time.'),
    })
    .optional()
    .describe('Shared by all sources of a host and by all workers; the strictest limit applies.'),
  concurrency: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Pages fetched at once, where the paginator allows (`page_number`, `offset`).'),
  on_response: z
    .array(
      z.strictObject({
        status: z
          .int({ error: ({ input }) => `${foundOf(input)} expected one status such as 503` })
          .min(100)
          .max(999)
          .optional()
          .describe('Responses with this status.'),
        body_contains: z.string().optional().describe('Responses whose body contains this text.'),
        action: z
          .enum(['retry', 'fail', 'ignore', 'reauthenticate'])
          .describe(
            'Retry, fail at once, treat the page as one without records, or request another access token once (`oauth2_client_credentials`).',
          ),
      }),
    )
    .default([])
    .describe('How to handle certain responses; the first match applies.'),
};

function checkHeaders(context: z.core.ParsePayload<Record<string, string>>): void {
  for (const [name, value] of Object.entries(context.value)) {
    if (!isHeaderName(name)) {
      // The path would show all of it.
      context.issues.push({ code: 'custom', input: name, path: [], message: headerNameProblem(name) });
    }
    if (/[\r\n\0]/.test(value)) {
      const message = 'found a value of several lines, expected one line';
      context.issues.push({ code: 'custom', input: value, path: [name], message });
    } else {
      const message = headerValueProblem(value);
      if (message !== null) context.issues.push({ code: 'custom', input: value, path: [name], message });
    }
  }
}

function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

function headerNameProblem(name: string): string {
  return `found "${name.split(':')[0]}", expected a header name of letters, digits and hyphens`;
}
