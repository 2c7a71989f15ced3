import { z } from 'zod';
import { headerValueProblem } from '../../domain/text/header-value.ts';
import { selector } from './css-selector.ts';
import { expression, isoTime, timeFormat } from './value-schemas.ts';
import { byteSize, duration } from './units.ts';
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
      .describe('A token that is asked for with the id and the secret of a client, and kept until it expires.'),
    token_url: url.describe('Where tokens are asked for.'),
    client_id: z.string().describe('Id of the client.'),
    client_secret: z.string().describe('Secret of the client.'),
    scope: z.string().optional().describe('Scopes to ask for, separated by spaces.'),
    credentials: z
      .enum(['header', 'body'])
      .default('body')
      .describe('Whether id and secret are sent to `token_url` in the `Authorization` header or in the body.'),
  }),
]);

const everyPaginator = {
  has_more_path: expression.optional().describe('Where a page says whether there are more.'),
  stop_after_empty_page: z
    .boolean()
    .optional()
    .describe(
      'Whether a page without records is the last. Without it: `true` for `page_number` and `offset` without `has_more_path` and `total_path`; else the page says what follows, for up to 10 empty pages in a row.',
    ),
  end_on: z
    .array(z.union([z.int().min(300).max(599), z.literal('repeat')], 'expected a status from 300 to 599, or repeat'))
    .min(1)
    .optional()
    .describe(
      'What ends a poll behind its first page: statuses such as `404`, and `repeat` for a second page that is the first again.',
    ),
  max_pages: z
    .int()
    .min(1)
    .optional()
    .describe(
      'Pages of a run at most. One that is cut by it is `partial`, and its watermark stays. With `incremental` the next run reads what is new at the front and continues where it was cut; both count.',
    ),
};

const resume = z
  .literal('token', 'expected token')
  .optional()
  .describe(
    'For APIs that tell what has changed: the last token or link of a poll (`deltaLink`, `last_seq`) begins the next one. An empty page ends the poll. A token that is refused is dropped, and all is read.',
  );

const paginator = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('single_page').describe('There is one page.'), ...everyPaginator }),
  z.strictObject({
    type: z.literal('page_number').describe('A number that counts pages.'),
    page_param: z.string().default('page').describe("Parameter of the page's number."),
    base_page: z.int().min(0).default(1).describe('Number of the first page.'),
    total_path: expression.optional().describe('Where a page says how many pages there are.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('offset').describe('A number that counts records.'),
    offset_param: z.string().default('offset').describe('Parameter of how many records to pass over.'),
    limit_param: z.string().default('limit').describe("Parameter of a page's size."),
    limit: z.int().min(1).describe('Records of a page.'),
    total_path: expression.optional().describe('Where a page says how many records there are.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('cursor').describe('A token in each page, for the next.'),
    cursor_path: expression.describe('Where a page holds the token of the next.'),
    cursor_param: z.string().describe('Parameter that takes the token.'),
    resume,
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('json_link').describe('An address in each page, of the next.'),
    next_url_path: expression.describe('Where a page holds the address of the next.'),
    resume,
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('header_link').describe('The address with `rel="next"` in the `Link` header.'),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('html_link').describe('The `href` of an element; for `html`.'),
    selector: selector.describe('The element whose `href` leads to the next page.'),
    ...everyPaginator,
  }),
]);

/** A paginator that counts on, whatever comes, needs something that ends it. */
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
    message:
      'found stop_after_empty_page: false and nothing else that ends it, expected total_path, has_more_path or max_pages',
  });
});

export const incremental = z.strictObject({
  cursor: expression.describe('Where a record holds the time by which the source is asked.'),
  format: timeFormat.default('iso8601').describe('How the time is written, in records and parameters.'),
  param_format: timeFormat.optional().describe('How it is written in parameters, where that differs from `format`.'),
  start_param: z
    .string()
    .optional()
    .describe('Parameter that asks for what is newer. Without it all is asked for, and older records are passed over.'),
  end_param: z.string().optional().describe('Parameter that asks for what is older; backfills need it.'),
  initial_value: isoTime.optional().describe('Where the first run begins.'),
  order: z
    .enum(['asc', 'desc'])
    .default('asc')
    .describe(
      '`desc`: the API gives the newest first, and pages behind one that is wholly known and older than `lag` are not read.',
    ),
  lag: duration()
    .prefault('0s')
    .describe(
      'How far each run looks back behind the newest record, for late ones. A window of a backfill asks for so much more on both sides.',
    ),
});

/** A proxy may want a user name and password: they stand in its URL. */
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
    .describe('Whether loopback, private and link-local addresses may be asked. Metadata of clouds never.'),
  // Node's timers end at 24.8 days: a longer one would fire at once.
  timeout: duration(1, 86_400_000)
    .prefault('60s')
    .describe('For a whole request, redirects and body included. At most a day.'),
  max_body: byteSize().prefault('64MiB').describe('Largest body, decoded.'),
};

/** Keys of every source that is fetched over HTTP. */
export const httpShape = {
  ...fetchLimits,
  url: url.describe('Address, http or https.'),
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
      'Other origins that next pages may be at, such as `https://pages.example.com`; they get headers and `auth` as well.',
    ),
  proxy: proxy
    .optional()
    .describe(
      'Proxy; else `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY` of the environment say. May hold user and password.',
    ),
  robots: z
    .enum(['obey', 'ignore'])
    .optional()
    .describe('Whether robots.txt is obeyed. Without it: `obey` for `html`, else `ignore`.'),
  rate_limit: z
    .strictObject({
      requests: z.int().min(1).describe('So many requests at most …'),
      per: duration(1).describe('… in this time.'),
    })
    .optional()
    .describe('Shared by all sources of the host and all workers; the strictest holds.'),
  concurrency: z
    .int()
    .min(1)
    .max(100)
    .default(1)
    .describe('Pages fetched at once, where the paginator allows (`page_number`, `offset`).'),
  on_response: z
    .array(
      z.strictObject({
        status: z.int().min(100).max(999).optional().describe('Answers with this status.'),
        body_contains: z.string().optional().describe('Answers whose body holds this text.'),
        action: z
          .enum(['retry', 'fail', 'ignore', 'reauthenticate'])
          .describe(
            'Try again, fail at once, take the page as one without records, or ask once for another access token (`oauth2_client_credentials`).',
          ),
      }),
    )
    .default([])
    .describe('What certain answers mean; the first that fits holds.'),
};

function checkHeaders(context: z.core.ParsePayload<Record<string, string>>): void {
  for (const [name, value] of Object.entries(context.value)) {
    if (!isHeaderName(name)) {
      // The path would show it whole.
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
