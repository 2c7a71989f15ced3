import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseCurl } from '../../../../src/sources/importers/curl/parse-curl.ts';
import { shellWords } from '../../../../src/sources/importers/curl/shell-words.ts';
import type { SecretVariable } from '../../../../src/sources/importers/requests/secret-variables.ts';
import { requestKeys, sourceKeys } from '../../../../src/sources/importers/requests/request-keys.ts';

const noFiles = (path: string) => `content of ${path}\n`;
const parse = (command: string) => parseCurl(command, noFiles);
/** The keys that a command becomes, without those that are empty. */
function keysOf(command: string): Record<string, unknown> & { variables: readonly SecretVariable[] } {
  const keys = requestKeys('shop', parse(command).request);
  return { ...sourceKeys(keys, false), variables: keys.variables };
}
const requestOf = (command: string) => parse(command).request;

describe('a command is read as a shell reads it', () => {
  test.each<[command: string, words: string[]]>([
    [`curl 'a b' "c d" e\\ f`, ['curl', 'a b', 'c d', 'e f']],
    [`curl \\\n  -H 'x: y' \\\r\n  url`, ['curl', '-H', 'x: y', 'url']],
    [`curl $'it\\'s\\n\\u00e9\\x41\\101'`, ['curl', "it's\néAA"]],
    [`curl "a\\"b\\\\c\\d"`, ['curl', 'a"b\\c\\d']],
    [`curl "t: $TOKEN" '$TOKEN' \${KEY}`, ['curl', 't: ${env:TOKEN}', '$TOKEN', '${env:KEY}']],
    [`curl 'a'"b"c | jq .`, ['curl', 'abc']],
    ['curl a \\  \n -s', ['curl', 'a', '-s']],
    [`curl '{"re":"^"}'`, ['curl', '{"re":"^"}']],
    [`curl a > file`, ['curl', 'a']],
    [`curl a && curl b`, ['curl', 'a']],
    ['curl https://a.test/?x=1&y=2', ['curl', 'https://a.test/?x=1&y=2']],
    ['curl a # why', ['curl', 'a']],
    [`curl ''`, ['curl', '']],
    ['curl "${env:NAME}"', ['curl', '${env:NAME}']],
  ])('%s', (command, words) => {
    expect(shellWords(command)).toEqual(words);
  });

  test('whatever is quoted comes back', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { maxLength: 5 }), (texts) => {
        const quoted = texts.map((text) => `'${text.replaceAll("'", `'\\''`)}'`).join(' ');
        expect(shellWords(quoted)).toEqual(texts);
      }),
    );
  });

  test('and as cmd.exe reads it', () => {
    const command =
      'curl ^"https://api.test/items?q=a^%^20b^&page=1^" ^\r\n  -H ^"accept: application/json^" ^\r\n  --data-raw ^"^{^\\^"a^\\^":^\\^"x^\\^\\y^\\^"^}^"';
    expect(requestOf(command)).toMatchObject({ method: 'POST', url: 'https://api.test/items?q=a%20b&page=1' });
    expect(requestOf('curl "https://api.test/" ^\n -H "a: ""b"""').headers).toEqual([['a', '"b"']]);
  });
});

describe('options of curl', () => {
  test.each<[command: string, expected: object]>([
    ['curl https://a.test/x#y', { method: 'GET', url: 'https://a.test/x', body: null }],
    ['$ curl a.test', { url: 'http://a.test' }],
    ['/usr/bin/curl -sSLk --compressed https://a.test', { url: 'https://a.test' }],
    ['curl -XPOST https://a.test', { method: 'POST', body: null }],
    ['curl --request=POST --url https://a.test', { method: 'POST', url: 'https://a.test' }],
    ['curl https://a.test -d a=1 -d b=2', { method: 'POST', body: 'a=1&b=2' }],
    [
      'curl -G https://a.test?x=1 -d a=1 --data-urlencode "b=c d"',
      { method: 'GET', url: 'https://a.test?x=1&a=1&b=c%20d' },
    ],
    ['curl https://a.test -d @f.json', { body: 'content of f.json' }],
    ['curl https://a.test --data-binary @f.json', { body: 'content of f.json\n' }],
    ['curl https://a.test --data-raw @f.json', { body: '@f.json' }],
    ['curl https://a.test -u me:pass:word', { basic: { username: 'me', password: 'pass:word' } }],
    ['curl https://me:p%40ss@a.test/x', { url: 'https://a.test/x', basic: { username: 'me', password: 'p@ss' } }],
    ['curl -x proxy.test:3128 -U me:pw https://a.test', { proxy: 'http://me:pw@proxy.test:3128' }],
    ['curl https://a.test -X GET -d {}', { method: 'POST', body: '{}' }],
    ['curl -o out.json https://a.test -w %{http_code}', { url: 'https://a.test' }],
    ['curl -- https://a.test', { url: 'https://a.test' }],
  ])('%s', (command, expected) => {
    expect(requestOf(command)).toMatchObject(expected);
  });

  test('a body without a type is a form, or JSON if it is that', () => {
    const typeOf = (command: string) => requestOf(command).headers.find(([name]) => name === 'Content-Type')?.[1];
    expect(typeOf('curl https://a.test -d a=1')).toBe('application/x-www-form-urlencoded');
    expect(typeOf(`curl https://a.test -d '{"a":1}'`)).toBe('application/json');
    expect(typeOf(`curl https://a.test --json '{"a":1}'`)).toBe('application/json');
    expect(typeOf(`curl https://a.test -H 'Content-Type: text/x' -d '{}'`)).toBe('text/x');
  });

  test.each([
    ['curl https://a.test --insecure', /--insecure is not taken over: Daybook always verifies certificates/],
    ['curl https://a.test --cacert ca.pem', /NODE_EXTRA_CA_CERTS/],
    ['curl https://a.test --frobnicate', /not known, and left out: --frobnicate/],
    ['curl --frobnicate value https://a.test -?', /left out: --frobnicate, -\?/],
    ['curl https://a.test -b jar.txt', /-b names a file/],
    ['curl https://a.test -X GET -d {}', /sent as POST/],
  ])('that are not taken over are named: %s', (command, note) => {
    expect(parse(command).notes.join('\n')).toMatch(note);
  });

  test.each([
    ['wget https://a.test', /found "wget", expected a command that begins with curl/],
    ['', /found nothing, expected a command/],
    ['curl', /found no address/],
    ['curl ftp://a.test', /found an address of ftp/],
    ['curl https://a.test https://b.test', /found 2 addresses, expected one/],
    [`curl 'https://a.test`, /found a ' that is not closed/],
    ['curl "https://a.test', /found a " that is not closed/],
    ['curl ^"https://a.test', /found a " that is not closed/],
    ['curl https://a.test -H', /found -H without its value/],
    ['curl https://a.test -H nonsense', /found -H without a name and a colon/],
    ['curl https://a.test -X DELETE', /found the method DELETE, expected GET or POST/],
    ['curl https://a.test -F a=@b', /found -F, expected a body of JSON/],
    ['curl https://a.test -T f', /found -T, expected a request that reads/],
    ['curl -I https://a.test', /found -I, expected a request whose answer has a body/],
    ['curl https://a.test --digest -u a:b', /found --digest, expected basic authentication/],
    ['curl https://a.test -u me', /found -u without a password/],
    ['curl https://a.test -d @-', /standard input/],
    ['curl "https://a.test/$(date)"', /found a command within the command/],
    ['curl "https://a.test/${A:-b}"', /found \$\{A:-b\}, expected a variable/],
    ['curl -x socks5://p https://a.test', /found a proxy that is not http/],
  ])('that a source cannot follow are refused: %s', (command, expected) => {
    expect(() => parse(command)).toThrow(expected);
  });
});

describe('secrets become variables', () => {
  const secret = 's3cr3t-Value-1234567890abcdef';
  test.each<[command: string, expected: object, variable: string]>([
    [`-H 'Authorization: Bearer ${secret}'`, { auth: { type: 'bearer', token: '${env:SHOP_TOKEN}' } }, 'SHOP_TOKEN'],
    [`-H 'authorization: Token ${secret}'`, { headers: { Authorization: 'Token ${env:SHOP_TOKEN}' } }, 'SHOP_TOKEN'],
    [
      `-H 'Authorization: ${secret}'`,
      { headers: { Authorization: '${env:SHOP_AUTHORIZATION}' } },
      'SHOP_AUTHORIZATION',
    ],
    [
      `-u 'me:${secret}'`,
      { auth: { type: 'http_basic', username: 'me', password: '${env:SHOP_PASSWORD}' } },
      'SHOP_PASSWORD',
    ],
    [
      `-u '${secret}:'`,
      { auth: { type: 'http_basic', username: '${env:SHOP_USERNAME}', password: '' } },
      'SHOP_USERNAME',
    ],
    [
      `-H 'Authorization: Basic ${Buffer.from(`me:${secret}`).toString('base64')}'`,
      { auth: { type: 'http_basic', username: 'me', password: '${env:SHOP_PASSWORD}' } },
      'SHOP_PASSWORD',
    ],
    [`--oauth2-bearer ${secret}`, { auth: { type: 'bearer', token: '${env:SHOP_TOKEN}' } }, 'SHOP_TOKEN'],
    [`-b 'session=${secret}'`, { headers: { Cookie: '${env:SHOP_COOKIE}' } }, 'SHOP_COOKIE'],
    [`-H 'Cookie: a=1; s=${secret}'`, { headers: { Cookie: '${env:SHOP_COOKIE}' } }, 'SHOP_COOKIE'],
    [`-H 'X-Api-Key: ${secret}'`, { headers: { 'X-Api-Key': '${env:SHOP_API_KEY}' } }, 'SHOP_API_KEY'],
    [`-H 'X-Unusual: ${secret}'`, { headers: { 'X-Unusual': '${env:SHOP_UNUSUAL}' } }, 'SHOP_UNUSUAL'],
    [
      `-H 'X-Whatever: Bearer ${secret}'`,
      { headers: { 'X-Whatever': 'Bearer ${env:SHOP_WHATEVER}' } },
      'SHOP_WHATEVER',
    ],
    [`-G -d 'api_key=${secret}'`, { params: { api_key: '${env:SHOP_API_KEY}' } }, 'SHOP_API_KEY'],
    [`-G -d 'accessKey=${secret}'`, { params: { accessKey: '${env:SHOP_ACCESS_KEY}' } }, 'SHOP_ACCESS_KEY'],
    [`-G -d 'u=AbCdEf0123456789AbCdEf0123456789'`, { params: { u: '${env:SHOP_U}' } }, 'SHOP_U'],
    [`--json '{"q":"x","token":"${secret}"}'`, { body: { q: 'x', token: '${env:SHOP_TOKEN}' } }, 'SHOP_TOKEN'],
    [
      `--json '{"deep":[{"password":"${secret}"}]}'`,
      { body: { deep: [{ password: '${env:SHOP_PASSWORD}' }] } },
      'SHOP_PASSWORD',
    ],
    [
      `--json '{"query":"{ login(token: \\"${secret}\\") { id } }"}'`,
      { body: { query: '{ login(token: \\"${env:SHOP_TOKEN}\\") { id } }'.replaceAll('\\"', '"') } },
      'SHOP_TOKEN',
    ],
    [`-d 'user=a&password=${secret}'`, { body: 'user=a&password=${env:SHOP_PASSWORD}' }, 'SHOP_PASSWORD'],
    [
      `-H 'Content-Type: text/xml' -d '<a><password>${secret}</password></a>'`,
      { body: '<a><password>${env:SHOP_PASSWORD}</password></a>' },
      'SHOP_PASSWORD',
    ],
    [`--json '{"pin": 123456789}'`, { body: '{"pin":${env:SHOP_PIN}}' }, 'SHOP_PIN'],
    [
      `-x 'http://me:${secret}@proxy.test:1'`,
      { proxy: 'http://me:${env:SHOP_PROXY_PASSWORD}@proxy.test:1' },
      'SHOP_PROXY_PASSWORD',
    ],
  ])('%s', (options, expected, variable) => {
    const { variables, ...keys } = keysOf(`curl https://shop.test/items ${options}`);
    expect(keys).toMatchObject(expected);
    expect(variables.map(({ name }) => name)).toEqual([variable]);
    expect(JSON.stringify(keys)).not.toContain(secret);
  });

  test('also where they occur again, and several under names of their own', () => {
    const { variables, ...keys } = keysOf(
      `curl 'https://shop.test/of/${secret}?sig=other-one' -H 'X-Key: ${secret}' -H 'X-Sig: third-one'`,
    );
    expect(keys['url']).toBe('https://shop.test/of/${env:SHOP_KEY}');
    expect(variables.map(({ name }) => name)).toEqual(['SHOP_KEY', 'SHOP_SIG', 'SHOP_SIG_2']);
  });

  test.each([
    'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln',
    'ghp_0123456789abcdef0123456789abcdef0123',
    'sk_live_0123456789abcdef',
  ])('whatever the name of %s is', (value) => {
    for (const options of [`-G -d q=${value}`, `-H 'X-A: ${value}'`, `--json '{"a":"${value}"}'`]) {
      expect(JSON.stringify(keysOf(`curl https://shop.test ${options}`)['variables'])).toContain(value);
      const { variables: _, ...keys } = keysOf(`curl https://shop.test ${options}`);
      expect(JSON.stringify(keys)).not.toContain(value);
    }
  });

  test('a variable of the shell stays one', () => {
    const { variables, ...keys } = keysOf(
      'curl https://shop.test -H "Authorization: Bearer $TOKEN" -H "X-Key: ${KEY}"',
    );
    expect(keys).toMatchObject({ auth: { token: '${env:TOKEN}' }, headers: { 'X-Key': '${env:KEY}' } });
    expect(variables).toEqual([]);
  });

  test('their variables have no name that means something else', () => {
    const named = (source: string) =>
      requestKeys(source, requestOf(`curl https://a.test -u me:secret-word`)).variables.map(({ name }) => name);
    expect(named('pg')).toEqual(['SOURCE_PG_PASSWORD']);
    expect(named('2026-news')).toEqual(['SOURCE_2026_NEWS_PASSWORD']);
    expect(named('my-shop')).toEqual(['MY_SHOP_PASSWORD']);
  });
});

describe('the rest of a request', () => {
  test('is taken over without what a browser adds', () => {
    const keys = keysOf(`curl 'https://shop.test/api/items?per_page=50&tag=a&tag=b&flag' \\
      -H 'accept: application/json, text/plain, */*' -H 'accept-language: de' -H 'sec-fetch-mode: cors' -H 'user-agent: X' \\
      -H 'referer: https://shop.test/' -H 'origin: https://shop.test' -H 'if-none-match: "x"' -H 'content-type: application/json' \\
      -H 'x-requested-with: XMLHttpRequest' -H 'host: shop.test' -H 'priority: u=1' --compressed`);
    expect(keys).toEqual({
      url: 'https://shop.test/api/items?flag',
      params: { per_page: 50, tag: ['a', 'b'] },
      headers: { 'accept-language': 'de', 'x-requested-with': 'XMLHttpRequest' },
      variables: [],
    });
  });

  test('keeps an Accept that asks for a version', () => {
    expect(keysOf(`curl https://a.test -H 'Accept: application/vnd.github+json'`)['headers']).toEqual({
      Accept: 'application/vnd.github+json',
    });
  });

  test('keeps large numbers of a body, as text', () => {
    const keys = keysOf(`curl https://a.test --json '{"since": 12345678901234567890}'`);
    expect(keys).toMatchObject({
      body: '{"since": 12345678901234567890}',
      headers: { 'Content-Type': 'application/json' },
    });
  });

  test('writes what only looks like a reference as a text', () => {
    expect(keysOf(`curl https://a.test --json '{"a":"\${b}"}'`)['body']).toEqual({ a: '$${b}' });
  });
});
