import { z } from 'zod';
import { selector } from './css-selector.ts';
import { expression, isoTime, timeFormat } from './value-schemas.ts';
import { byteSize, duration } from './units.ts';

const scalar = z
  .union([z.string(), z.number(), z.boolean()], 'expected a text, a number, true or false')
  .transform(String);

const url = z.string().check((context) => {
  const problem = urlProblem(context.value);
  if (problem !== null) context.issues.push({ code: 'custom', input: context.value, message: problem });
});

const auth = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('bearer'), token: z.string() }),
  z
    .strictObject({
      type: z.literal('api_key'),
      name: z.string().min(1),
      location: z.enum(['header', 'query']).default('header'),
      api_key: z.string(),
    })
    .check((context) => {
      const { name, location } = context.value;
      if (location === 'query' || isHeaderName(name)) return;
      context.issues.push({ code: 'custom', input: name, path: ['name'], message: headerNameProblem(name) });
    }),
  z.strictObject({ type: z.literal('http_basic'), username: z.string(), password: z.string() }),
  z.strictObject({
    type: z.literal('oauth2_client_credentials'),
    token_url: url,
    client_id: z.string(),
    client_secret: z.string(),
    scope: z.string().optional(),
  }),
]);

const everyPaginator = {
  has_more_path: expression.optional(),
  stop_after_empty_page: z.boolean().default(true),
  max_pages: z.int().min(1).optional(),
};

const paginator = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('single_page'), ...everyPaginator }),
  z.strictObject({
    type: z.literal('page_number'),
    page_param: z.string().default('page'),
    base_page: z.int().min(0).default(1),
    total_path: expression.optional(),
    ...everyPaginator,
  }),
  z.strictObject({
    type: z.literal('offset'),
    offset_param: z.string().default('offset'),
    limit_param: z.string().default('limit'),
    limit: z.int().min(1),
    total_path: expression.optional(),
    ...everyPaginator,
  }),
  z.strictObject({ type: z.literal('cursor'), cursor_path: expression, cursor_param: z.string(), ...everyPaginator }),
  z.strictObject({ type: z.literal('json_link'), next_url_path: expression, ...everyPaginator }),
  z.strictObject({ type: z.literal('header_link'), ...everyPaginator }),
  z.strictObject({ type: z.literal('html_link'), selector, ...everyPaginator }),
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
  cursor: expression,
  format: timeFormat.default('iso8601'),
  start_param: z.string().optional(),
  end_param: z.string().optional(),
  initial_value: isoTime.optional(),
  lag: duration().default(0),
});

/** A proxy may want a user name and password: they stand in its URL. */
const proxy = z.string().refine((text) => isHttpUrl(text.replaceAll(/\$\{env:[^}]*\}/g, '1')), {
  error: 'expected an http or https URL such as http://proxy.example.com:3128',
});

function isHttpUrl(text: string): boolean {
  return URL.canParse(text) && /^https?:$/.test(new URL(text).protocol);
}

/** Limits of a request. */
export const fetchLimits = {
  allow_private: z.boolean().default(false),
  // Node's timers end at 24.8 days: a longer one would fire at once.
  timeout: duration(1, 86_400_000).default(60_000),
  max_body: byteSize().default(64 * 1024 ** 2),
};

/** Keys of every source that is fetched over HTTP. */
export const httpShape = {
  ...fetchLimits,
  url,
  headers: z.record(z.string(), scalar).check(checkHeaders).default({}),
  params: z.record(z.string(), scalar).default({}),
  auth: auth.optional(),
  proxy: proxy.optional(),
  robots: z.enum(['obey', 'ignore']).optional(),
  rate_limit: z.strictObject({ requests: z.int().min(1), per: duration(1) }).optional(),
  concurrency: z.int().min(1).max(100).default(1),
  on_response: z
    .array(
      z.strictObject({
        status: z.int().min(100).max(599).optional(),
        body_contains: z.string().optional(),
        action: z.enum(['retry', 'fail', 'ignore']),
      }),
    )
    .default([]),
};

function checkHeaders(context: z.core.ParsePayload<Record<string, string>>): void {
  for (const [name, value] of Object.entries(context.value)) {
    if (!isHeaderName(name)) {
      context.issues.push({ code: 'custom', input: name, path: [name], message: headerNameProblem(name) });
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
  return `found "${name}", expected a header name of letters, digits and hyphens`;
}

function urlProblem(text: string): string | null {
  if (/^\$\{env:[^}]*\}/.test(text)) return null;
  const expected = 'expected an http or https URL';
  const readable = text.replaceAll(/\$\{env:[^}]*\}/g, '1');
  if (!URL.canParse(readable)) return `found "${text}", ${expected}`;
  const { username, password, protocol } = new URL(readable);
  if (username !== '' || password !== '') {
    return 'found a user name or password, expected them outside the URL, as a header: Authorization: "${env:NAME}"';
  }
  return /^https?:$/.test(protocol) ? null : `found ${protocol}, ${expected}`;
}
