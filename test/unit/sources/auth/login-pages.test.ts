import { describe, expect, test } from 'vitest';
import { complaints, daybookYaml, http } from '../../config/daybook-yaml.ts';
import { pollSource, type Answered, type Asked } from '../polled-source.ts';

const rows: Answered = { body: [{ id: 1, at: '2026-11-01T00:00:00Z' }] };
const variables = { PASSWORD: 'pass&word' };
const html = { 'content-type': 'text/html' };
const login = (...keys: readonly string[]) => [
  'url: ORIGIN/api/rows',
  `auth: { type: session, login: { ${keys.join(', ')} }, expired_when: { body_contains: csrfmiddlewaretoken } }`,
];
const asForm = 'headers: { Content-Type: application/x-www-form-urlencoded }';
const body = "body: { username: me, password: '${env:PASSWORD}' }";

/** Takes a form with the token of its page, with the cookie that goes with it, from its own pages. */
function django({ method, path, headers, body: sent, origin }: Asked): Answered {
  const form = `<form method="get" action="/search"><input name="q"></form>
    <form method="post"><input type="hidden" name="csrfmiddlewaretoken" value="tok&amp;en"><input type="hidden" name="next" value="/">
    <input name="username"><input type="password" name="password"></form>`;
  const page = { headers: { ...html, 'set-cookie': 'csrftoken=cookie-token; Path=/' }, body: form };
  const cookie = headers.cookie ?? '';
  if (path === '/accounts/login/' && method === 'GET') return page;
  if (path !== '/accounts/login/') return cookie.includes('sessionid=abcdefgh') ? rows : page;
  const isFromPage = headers.referer === `${origin}/accounts/login/` && headers.origin === origin;
  const fields = new URLSearchParams(sent);
  if (!isFromPage || !cookie.includes('csrftoken=') || fields.get('csrfmiddlewaretoken') !== 'tok&en') {
    return { status: 403, headers: html, body: 'CSRF verification failed' };
  }
  if (fields.get('password') !== 'pass&word' || fields.get('next') !== '/') return page;
  return { status: 302, headers: { location: '/', 'set-cookie': 'sessionid=abcdefgh; Path=/; HttpOnly' } };
}

describe('a login that needs a page before it', () => {
  test('sends the hidden fields and the cookies of its form', async () => {
    const lines = login('page: ORIGIN/accounts/login/', asForm, body);
    const { ids, asked } = await pollSource(
      lines,
      (one) => (one.path === '/' ? { headers: html, body: 'hello' } : django(one)),
      { variables },
    );
    expect(ids).toEqual(['1']);
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /accounts/login/',
      'POST /accounts/login/',
      'GET /',
      'GET /api/rows',
    ]);
  });

  test('reports a form that asks again as a wrong password, whatever cookies there are', async () => {
    const lines = login('page: ORIGIN/accounts/login/', asForm, body);
    await expect(pollSource(lines, django, { variables: { PASSWORD: 'wrong' } })).rejects.toThrow(
      'auth.login answered 200 with a form that asks for a password again, expected a session; check the user and password',
    );
  });

  test('sends the token of a cookie in a header, decoded', async () => {
    const lines = login(
      "page: { url: ORIGIN/csrf-cookie, token: { cookie: XSRF-TOKEN, send_as: 'X-XSRF-TOKEN: ${token}' } }",
      'url: ORIGIN/login',
      body,
    );
    const { ids } = await pollSource(
      lines,
      ({ path, headers, json }) => {
        if (path === '/csrf-cookie') return { status: 204, headers: { 'set-cookie': 'XSRF-TOKEN=a%3Db%3D; Path=/' } };
        if (path === '/api/rows') return headers.cookie?.includes('laravel_session') ? rows : { status: 401 };
        const isRight = headers['x-xsrf-token'] === 'a=b=' && (json as { username: string }).username === 'me';
        return isRight
          ? { status: 204, headers: { 'set-cookie': 'laravel_session=abcdefgh; Path=/' } }
          : { status: 419 };
      },
      { variables },
    );
    expect(ids).toEqual(['1']);
  });

  test('sends a token of JSON as a field of its form', async () => {
    const lines = login(
      "page: { url: 'ORIGIN/w/api.php?action=query&meta=tokens&type=login&format=json', token: { path: query.tokens.logintoken, field: lgtoken } }",
      'url: ORIGIN/w/api.php',
      asForm,
      "body: { action: login, lgname: me, lgpassword: '${env:PASSWORD}' }",
    );
    const { ids } = await pollSource(
      lines,
      ({ path, method, headers, body: sent }) => {
        if (path === '/api/rows') return headers.cookie?.includes('UserID=1234567') ? rows : { status: 401 };
        if (method === 'GET') return { body: { query: { tokens: { logintoken: 'abc+\\' } } } };
        const isRight = new URLSearchParams(sent).get('lgtoken') === 'abc+\\';
        return { headers: isRight ? { 'set-cookie': 'UserID=1234567; Path=/' } : {}, body: {} };
      },
      { variables },
    );
    expect(ids).toEqual(['1']);
  });

  test('sends a token of an element, and goes where the form leads', async () => {
    const lines = login(
      "page: { url: ORIGIN/users/sign_in, token: { selector: 'meta[name=csrf-token]', attr: content, send_as: 'X-CSRF-Token: ${token}' } }",
      asForm,
      body,
    );
    const { ids, asked } = await pollSource(
      lines,
      ({ path, headers }) => {
        if (path === '/users/sign_in') {
          return {
            headers: html,
            body: '<meta name="csrf-token" content="meta-token"><form action="auth?code=1&amp;x=2"><input type=password name=password></form>',
          };
        }
        if (path === '/api/rows') return headers.cookie?.includes('_app=abcdefgh') ? rows : { status: 401 };
        return headers['x-csrf-token'] === 'meta-token'
          ? { headers: { 'set-cookie': '_app=abcdefgh; Path=/' } }
          : { status: 422 };
      },
      { variables },
    );
    expect(ids).toEqual(['1']);
    expect(asked.map(({ path }) => path)).toEqual(['/users/sign_in', '/users/auth?code=1&x=2', '/api/rows']);
  });

  test.each([
    [
      'a form that leads to another server',
      '<form action="https://other.test/x"><input type=password></form>',
      'leads to https://other.test, expected an origin that may get the password',
    ],
    ['no form', '<p>Hello</p>', 'auth.login.page has no form'],
  ])('a page with %s fails the run, and the password stays here', async (_, page, message) => {
    const lines = login('page: ORIGIN/login', asForm, body);
    const asked: string[] = [];
    const answer = (one: Asked) => {
      asked.push(one.method);
      return { headers: html, body: page };
    };
    await expect(pollSource(lines, answer, { variables })).rejects.toThrow(message);
    expect(asked).toEqual(['GET']);
  });

  test.each([
    ['no address at all', [body], 'auth.login.url: is required'],
    [
      'a token that is not sent',
      ["page: { url: 'https://a.test', token: { header: X } }"],
      'neither send_as nor field',
    ],
    ['a token from nowhere', ["page: { url: 'https://a.test', token: { field: x } }", body], 'found 0 of path'],
    [
      'a field without a body',
      ["page: { url: 'https://a.test', token: { header: X, field: x } }"],
      'auth.login.page.token.field: found field',
    ],
  ])('%s is refused', (_, keys, expected) => {
    expect(complaints(daybookYaml([http(...login(...keys))]), variables).join('\n')).toContain(expected);
  });
});
