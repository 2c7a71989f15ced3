import * as z from 'zod';
import { splitHeader } from '../../formats/header-line.ts';
import { selector } from './css-selector.ts';
import { headerNameProblem, headers, isHeaderName, url } from './http-values.ts';
import { foundOf } from './units.ts';
import { expression } from './value-schemas.ts';

const clientAuth = z
  .enum(['header', 'body'])
  .optional()
  .describe(
    'Whether id and secret are sent to `token_url` in the `Authorization` header or in the body. Default: `body`.',
  );

const scope = z.string().optional().describe('Scopes to request, separated by spaces.');

/** In the header that a session's token is sent in: its place. */
const tokenPlaceholder = '${token}';

/** Whether a text at a path of the configuration is that place, and no reference. */
export function isTokenPlace(path: readonly (string | number)[], text: string): boolean {
  return text === tokenPlaceholder && /(?:^|\/)auth\/(?:login\/page\/)?token\/send_as$/.test(path.join('/'));
}

const sendAs = z.string().check((context) => {
  const { name, value } = splitHeader(context.value);
  const message = !isHeaderName(name)
    ? 'found no name of a header before a colon, expected a header such as "Authorization: Bearer ${token}"'
    : value.includes(tokenPlaceholder)
      ? null
      : 'found no ${token}, expected a header with it such as "Authorization: Bearer ${token}"';
  if (message !== null) context.issues.push({ code: 'custom', input: context.value, message });
});

const pageToken = z
  .strictObject({
    path: expression.optional().describe('Path of the token, if the page is JSON.'),
    header: z.string().min(1).optional().describe('Header of the answer that has the token.'),
    cookie: z.string().min(1).optional().describe('Cookie that has the token, such as `XSRF-TOKEN`.'),
    selector: selector.optional().describe('Element that has the token, such as `meta[name=csrf-token]`.'),
    attr: z.string().min(1).optional().describe("The element's attribute instead of its text, such as `content`."),
    send_as: sendAs.optional().describe('Header of the login with the token: `X-CSRF-Token: ${token}`.'),
    field: z.string().min(1).optional().describe('Field of `body` with the token.'),
  })
  .check((context) => {
    const { path, header, cookie, selector: element, attr, send_as: sent, field } = context.value;
    const add = (message: string, ...at: string[]) =>
      void context.issues.push({ code: 'custom', input: context.value, path: at, message });
    const places = [path, header, cookie, element].filter((place) => place !== undefined);
    if (places.length !== 1) add(`found ${places.length} of path, header, cookie and selector, expected one of them`);
    if (attr !== undefined && element === undefined) add('found attr without selector, expected both', 'attr');
    if ((sent === undefined) === (field === undefined)) {
      add(`found ${sent === undefined ? 'neither send_as nor field' : 'both send_as and field'}, expected one of them`);
    }
  });

const loginPage = z.strictObject({
  url: url.describe('URL of the page.'),
  token: pageToken
    .optional()
    .describe('A token of the page that the login sends, where a hidden field does not have it.'),
});

const login = z
  .strictObject({
    url: url
      .optional()
      .describe('URL that takes the login. Required without `page`. Default: where the form of `page` leads.'),
    page: z
      .preprocess((value) => (typeof value === 'string' ? { url: value } : value), loginPage)
      .optional()
      .describe(
        'Page that is requested first. Its cookies are kept, and the hidden fields of its form are sent with a `body` that is a form. A URL is short for `{ url }`.',
      ),
    method: z.enum(['GET', 'POST']).default('POST').describe('The HTTP method.'),
    headers: headers.default({}).describe('Headers of this request alone.'),
    body: z
      .unknown()
      .optional()
      .describe(
        'An object is sent as a form if `headers` has `Content-Type: application/x-www-form-urlencoded`, otherwise as JSON; a text as it is.',
      ),
  })
  .check((context) => {
    const { method, body, url: address, page } = context.value;
    if (address === undefined && page === undefined) {
      const message =
        'is required: expected one address: url: https://api.example.com/login, or page with the form that logs in';
      context.issues.push({ code: 'custom', input: context.value, path: ['url'], message });
    }
    const field = page?.token?.field;
    if (field !== undefined && (typeof body !== 'object' || body === null || Array.isArray(body))) {
      const message =
        'found field, but body is no object that it could be added to; expected send_as, or a body such as { user: daybook }';
      context.issues.push({ code: 'custom', input: field, path: ['page', 'token', 'field'], message });
    }
    if (method !== 'GET' || body === undefined) return;
    const message = 'found a body, which a GET does not send; set method: POST';
    context.issues.push({ code: 'custom', input: body, path: ['body'], message });
  });

const sessionToken = z
  .strictObject({
    path: expression.optional().describe('Path of the token in the JSON that the login is answered with.'),
    header: z.string().min(1).optional().describe('Header of that answer that has the token.'),
    send_as: sendAs
      .default('Authorization: Bearer ${token}')
      .describe('Header that later requests carry, with `${token}` for the token.'),
  })
  .check((context) => {
    const { path, header } = context.value;
    if ((path === undefined) !== (header === undefined)) return;
    const message = `found ${path === undefined ? 'neither path nor header' : 'both path and header'}, expected one of them`;
    context.issues.push({ code: 'custom', input: context.value, path: [], message });
  });

const expiredWhen = z
  .strictObject({
    status: z
      .int({ error: ({ input }) => `${foundOf(input)} expected one status such as 401` })
      .min(200)
      .max(999)
      .optional()
      .describe('Responses with this status. A redirect with it is not followed.'),
    body_contains: z.string().min(1).optional().describe('Responses whose body contains this text.'),
  })
  .check((context) => {
    const { status, body_contains: text } = context.value;
    if (status !== undefined || text !== undefined) return;
    const message = 'found nothing, expected status, body_contains or both';
    context.issues.push({ code: 'custom', input: context.value, path: [], message });
  });

/** How requests prove who asks. */
export const auth = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('bearer').describe('A token.'),
    token: z.string().describe('Sent as `Authorization: Bearer …`.'),
  }),
  z
    .strictObject({
      type: z.literal('api_key').describe('A key in a header, a query parameter or a cookie; or several keys.'),
      name: z.string().min(1).describe('Name of the header, query parameter or cookie.'),
      location: z.enum(['header', 'query', 'cookie']).default('header').describe('Where the key is sent.'),
      api_key: z.string().optional().describe('The key.'),
      api_keys: z
        .array(z.string().min(1))
        .min(1)
        .optional()
        .describe(
          'Keys instead of one: when a key is answered with 429, or has reached the `rate_limit` of the source, the next one is used. `rate_limit` then holds for each key.',
        ),
    })
    .check((context) => {
      const { name, location, api_key: key, api_keys: keys } = context.value;
      const add = (path: (string | number)[], message: string) =>
        void context.issues.push({ code: 'custom', input: context.value, path, message });
      if (location !== 'query' && !isHeaderName(name)) add(['name'], nameProblem(name, location));
      if (key !== undefined && keys !== undefined)
        add(['api_keys'], 'found both api_key and api_keys, expected one of them');
      if (key === undefined && keys === undefined)
        add(['api_key'], 'is required: expected a text, or api_keys with a list of them');
      const again = keys?.findIndex((text, index) => keys.indexOf(text) < index) ?? -1;
      if (again >= 0) add(['api_keys', again], 'found the same key twice, expected different keys');
    }),
  z.strictObject({
    type: z.literal('http_basic').describe('A user name and a password.'),
    username: z.string().describe('User name.'),
    password: z.string().describe('Password.'),
  }),
  z
    .strictObject({
      type: z
        .literal('oauth2_client_credentials')
        .describe('A token requested with a client id and secret, and kept until it expires.'),
      token_url: url.describe('URL that issues tokens.'),
      client_id: z.string().describe('Client id.'),
      client_secret: z.string().describe('Client secret.'),
      scope,
      client_auth: clientAuth,
      credentials: z.enum(['header', 'body']).optional().describe('The former name of `client_auth`.'),
    })
    .check((context) => {
      if (context.value.client_auth === undefined || context.value.credentials === undefined) return;
      const message = 'found both client_auth and credentials, its former name; expected client_auth';
      context.issues.push({ code: 'custom', input: context.value, path: ['credentials'], message });
    }),
  z.strictObject({
    type: z
      .literal('oauth2_refresh_token')
      .describe(
        'A token requested with a refresh token. A refresh token that replaces it is kept in the store, encrypted with `DAYBOOK_KEY`.',
      ),
    token_url: url.describe('URL that issues tokens.'),
    client_id: z.string().describe('Client id.'),
    client_secret: z.string().optional().describe('Client secret; a public client has none.'),
    refresh_token: z.string().min(1).describe('The first refresh token. A different one starts again with that.'),
    scope,
    client_auth: clientAuth,
  }),
  z.strictObject({
    type: z.literal('session').describe('A login, whose cookies and token later requests carry.'),
    login: login.describe('The request that logs in.'),
    token: sessionToken.optional().describe('A token in the answer. Without it the session is in the cookies alone.'),
    expired_when: expiredWhen
      .optional()
      .describe(
        'Responses that say that the session is over, besides those with status 401: then it logs in again, once.',
      ),
  }),
]);

function nameProblem(name: string, location: 'header' | 'cookie'): string {
  if (location === 'header') return headerNameProblem(name);
  return `found "${name}", expected the name of a cookie, of letters, digits and hyphens`;
}
