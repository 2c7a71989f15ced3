import * as z from 'zod';
import { auth } from './auth-schema.ts';
import { headers, origin, parameters, url } from './http-values.ts';
import { tls } from './tls-schema.ts';
import { byteSize, duration, foundOf } from './units.ts';

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
  max_body: byteSize().prefault('64MiB').describe('Maximum body size after decoding and unpacking.'),
};

/** Keys of every source that is fetched over HTTP. */
export const httpShape = {
  ...fetchLimits,
  url: url.describe('URL, http or https. Path and query may have placeholders.'),
  headers: headers.default({}).describe('Sent to the origin of `url` only, never across a redirect to another.'),
  params: parameters.default({}).describe('Query parameters; one with a list is sent once for each of its values.'),
  auth: auth.optional().describe('Sent to the origin of `url` only, never across a redirect to another.'),
  tls: tls
    .optional()
    .describe(
      'Client certificate and trusted authorities, for connections to the origin of `url`, to `trusted_origins`, and to `token_url` or `login.url` of `auth`.',
    ),
  trusted_origins: z
    .array(origin)
    .min(1)
    .optional()
    .describe(
      'Other origins that next pages may be on, such as `https://pages.example.com`; headers and `auth` are sent to them as well.',
    ),
  origins: z
    .array(origin)
    .min(1)
    .optional()
    .describe(
      'Origins that `auth`, secret headers and secret parameters are sent to. Required for a source with secrets whose `url` is one placeholder, such as `${parent:url}`.',
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
          .enum(['retry', 'fail', 'ignore', 'reauthenticate', 'dead_letter'])
          .describe(
            'Retry, fail at once, treat the page as one without records, or log in once more, which gets another access token or session. `dead_letter` (`graphql` only): keep a response with `errors` as a dead letter, and end the run as `partial`.',
          ),
      }),
    )
    .default([])
    .describe('How to handle certain responses; the first match applies.'),
};
