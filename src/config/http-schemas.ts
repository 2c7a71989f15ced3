import { z } from 'zod';
import { selector } from './css-selector.ts';
import { expression, isoTime, timeFormat } from './value-schemas.ts';
import { byteSize, duration } from './units.ts';

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
  }),
]);

const everyPaginator = {
  has_more_path: expression.optional().describe('Where a page says whether there are more.'),
  stop_after_empty_page: z.boolean().default(true).describe('Whether a page without records is the last.'),
  max_pages: z
    .int()
    .min(1)
    .optional()
    .describe('Pages of a run at most. One that is cut by it is `partial`, and its watermark stays.'),
};

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
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('json_link').describe('An address in each page, of the next.'),
    next_url_path: expression.describe('Where a page holds the address of the next.'),
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
  if ((type !== 'page_number' && type !== 'offset') || stops || more !== undefined || most !== undefined) return;
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
  start_param: z
    .string()
    .optional()
    .describe('Parameter that asks for what is newer. Without it all is asked for, and older records are passed over.'),
  end_param: z.string().optional().describe('Parameter that asks for what is older; backfills need it.'),
  initial_value: isoTime.optional().describe('Where the first run begins.'),
  lag: duration().prefault('0s').describe('How far each run looks back behind the newest record, for late ones.'),
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
    .describe('Whether loopback, private and link-local addresses may be asked.'),
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
  params: z.record(z.string(), scalar).default({}).describe('Query parameters.'),
  auth: auth.optional().describe('Sent to the origin of `url` only, never across a redirect to another.'),
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
        status: z.int().min(100).max(599).optional().describe('Answers with this status.'),
        body_contains: z.string().optional().describe('Answers whose body holds this text.'),
        action: z
          .enum(['retry', 'fail', 'ignore'])
          .describe('Try again, fail at once, or take the page as one without records.'),
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
    }
  }
}

function isHeaderName(name: string): boolean {
  return /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name);
}

function headerNameProblem(name: string): string {
  return `found "${name.split(':')[0]}", expected a header name of letters, digits and hyphens`;
}

function urlProblem(text: string): string | null {
  if (/^\$\{env:[^}]*\}/.test(text)) return null;
  const expected = 'expected an http or https URL';
  const readable = text.replaceAll(/\$\{env:[^}]*\}/g, '1');
  // What stands behind may be a secret, and so may what stands before an @.
  if (!URL.canParse(readable)) return `found ${text.includes('@') ? 'a text' : `"${text.split('?')[0]}"`}, ${expected}`;
  const { username, password, protocol } = new URL(readable);
  if (username !== '' || password !== '') {
    return 'found a user name or password, expected them outside the URL, as a header: Authorization: "${env:NAME}"';
  }
  return /^https?:$/.test(protocol) ? null : `found ${protocol}, ${expected}`;
}
