import { describe, expect, test } from 'vitest';
import { planOf } from '../../../../src/config/plan/plan.ts';
import { InvalidEnvironment, lookUpIn } from '../../../../src/config/secrets/references.ts';
import { secretHeaderProblems } from '../../../../src/config/secrets/secret-headers.ts';
import { secretValues, withSecrets } from '../../../../src/config/secrets/secrets.ts';
import { daybookYaml, file, http, parse } from '../daybook-yaml.ts';

const variables = { TOKEN: 't0ken-value', UNUSED: 'unused-value' };
const lookUp = lookUpIn(variables);

function planned(source: string) {
  const config = parse(daybookYaml([source]), variables);
  const [only] = config.sources;
  if (!only) throw new Error('expected a source');
  return { source: only, plan: planOf(config, only) };
}

describe('a secret that is written into the file', () => {
  test.each([
    'Authorization',
    'authorization',
    'Proxy-Authorization',
    'Cookie',
    'X-API-Key',
    'X-Api-Token',
    'Private-Token',
    'Ocp-Apim-Subscription-Key',
    'X-Auth-Token',
    'X-Amz-Signature',
    'Client-Secret',
  ])('stays out of the plan in the header %s, and is there for the request', (name) => {
    const { source, plan } = planned(http(`headers: { ${name}: hunter22, Accept: text/plain }`));
    expect(JSON.stringify(plan)).not.toContain('hunter22');
    expect(plan).toHaveProperty('headers.Accept', 'text/plain');
    expect(withSecrets(plan, source, lookUp)).toHaveProperty(['headers', name], 'hunter22');
    expect(secretValues(source, lookUp)).toContain('hunter22');
  });

  test.each(['api_key', 'apikey', 'apiKey', 'key', 'access_token', 'token', 'client_secret', 'password', 'signature'])(
    'stays out of the plan in the parameter %s, and is there for the request',
    (name) => {
      const { source, plan } = planned(http(`params: { ${name}: hunter22, page: 1 }`));
      expect(JSON.stringify(plan)).not.toContain('hunter22');
      expect(plan).toHaveProperty('params.page', '1');
      expect(withSecrets(plan, source, lookUp)).toHaveProperty(['params', name], 'hunter22');
      expect(secretValues(source, lookUp)).toContain('hunter22');
    },
  );

  test('is not detected in names that only look secret', () => {
    const { plan } = planned(http('params: { keyword: quake, monkey: yes, per_page: 10 }', 'headers: { X-Trace: t }'));
    expect(plan).toMatchObject({
      params: { keyword: 'quake', monkey: 'yes', per_page: '10' },
      headers: { 'X-Trace': 't' },
    });
  });
});

test('of a list among the parameters each secret stays out of the plan, and is there for the request', () => {
  const { source, plan } = planned(http('params: { token: [hunter22, "${env:TOKEN}"], tag: [a, 1.10] }'));
  expect(JSON.stringify(plan)).not.toContain('hunter22');
  expect(plan).toHaveProperty('params.tag', ['a', '1.10']);
  const filled = withSecrets(plan, source, lookUp);
  expect(filled).toMatchObject({ params: { token: ['hunter22', 't0ken-value'] }, secretParams: ['token'] });
  expect(secretValues(source, lookUp)).toContain('hunter22');
});

describe('headers once their secrets are filled in', () => {
  test.each([
    [http('headers: { X-Name: "a ${env:TOKEN}" }'), 'headers.X-Name: found the character U+017B at position 3'],
    [http('auth: { type: bearer, token: "${env:TOKEN}" }'), 'auth.token: found the character U+017B at position 1'],
    [
      http('auth: { type: api_key, name: X-Key, api_key: "${env:TOKEN}" }'),
      'auth.api_key: found the character U+017B at position 1',
    ],
  ])('are named where no request can carry them: %s', (yaml, problem) => {
    const { source } = planned(yaml);
    const [only, ...others] = secretHeaderProblems(source, lookUpIn({ TOKEN: 'Żaba' }));
    expect(only).toContain(problem);
    expect(only).not.toContain('aba');
    expect(others).toEqual([]);
    expect(secretHeaderProblems(source, lookUpIn({ TOKEN: 'two\nlines' }))).toHaveLength(1);
    expect(secretHeaderProblems(source, lookUpIn({ TOKEN: 'Zürich' }))).toEqual([]);
  });
});

test('the header for the token endpoint is as secret as its parts', () => {
  const client = 'token_url: "https://t.test/", client_id: id, client_secret: "a&${env:TOKEN}"';
  const { source, plan } = planned(http(`auth: { type: oauth2_client_credentials, ${client}, credentials: header }`));
  expect(plan).toHaveProperty('auth.credentials', 'header');
  expect(secretValues(source, lookUp)).toContain(
    Buffer.from('id:a%26t0ken-value').toString('base64').replace(/=+$/, ''),
  );
  expect(secretValues(source, lookUp)).not.toContain('header');
  const inBody = planned(http(`auth: { type: oauth2_client_credentials, ${client} }`));
  expect(inBody.plan).not.toHaveProperty('auth.credentials');
  expect(secretValues(inBody.source, lookUp)).not.toContain('body');
});

describe('a variable that is not set', () => {
  const { source, plan } = planned(http('headers: { Authorization: "Bearer ${env:GONE}" }'));

  test('fails only its source: the reference is never sent instead of the value', () => {
    expect(() => withSecrets(plan, source, lookUp)).toThrow(InvalidEnvironment);
    expect(() => withSecrets(plan, source, lookUp)).toThrow(/GONE is not set.*GONE_FILE/);
    expect(withSecrets(plan, source, lookUpIn({ GONE: 'x' }))).toHaveProperty('headers.Authorization', 'Bearer x');
    const other = planned(http('name: other', 'headers: { Authorization: "Bearer ${env:TOKEN}" }'));
    expect(withSecrets(other.plan, other.source, lookUp)).toHaveProperty('headers.Authorization', 'Bearer t0ken-value');
  });

  test('is not a secret, nor is one whose file is gone, and the others are found', () => {
    const both = planned(http('params: { a: "${env:GONE}", b: "${env:TOKEN}" }')).source;
    expect(secretValues(both, lookUp)).toEqual(['t0ken-value']);
    expect(secretValues(both, lookUpIn({ ...variables, GONE_FILE: '/none/of/it' }))).toEqual(['t0ken-value']);
  });
});

describe('a secret that is referred to', () => {
  const { source, plan } = planned(
    http(
      'url: "https://api.test/${env:TOKEN}/a"',
      'params: { key: "${env:TOKEN}" }',
      'headers: { Authorization: "Bearer ${env:TOKEN}", X-Other: "a-${env:TOKEN}-b" }',
    ),
  );

  test('stays out of the plan in every place', () => {
    expect(JSON.stringify(plan)).not.toContain('t0ken-value');
  });

  test('is filled in for the request, and nothing else changes', () => {
    expect(withSecrets(plan, source, lookUp)).toEqual({
      ...plan,
      url: 'https://api.test/t0ken-value/a',
      params: { key: 't0ken-value' },
      headers: { Authorization: 'Bearer t0ken-value', 'X-Other': 'a-t0ken-value-b' },
      secretParams: ['key'],
    });
  });

  test('is known as one, and others are not', () => {
    expect(secretValues(source, lookUp)).toContain('t0ken-value');
    expect(secretValues(source, lookUp)).not.toContain('unused-value');
  });
});

describe('a file', () => {
  test('has no secrets', () => {
    const { source, plan } = planned(file());
    expect(withSecrets(plan, source, lookUp)).toEqual(plan);
    expect(secretValues(source, lookUp)).toEqual([]);
  });
});

test("what HTTP's basic authentication makes of name and password is a secret, too", () => {
  const basic = http('auth: { type: http_basic, username: u, password: "${env:TOKEN}" }');
  const { source } = planned(basic);
  expect(secretValues(source, lookUp)).toContain(Buffer.from('u:t0ken-value').toString('base64').replace(/=+$/, ''));
});

describe('a login', () => {
  const login = (body: string, more = '') =>
    http(`auth: { type: session, login: { url: "https://api.test/login?token=hunter11", body: ${body}${more} } }`);

  test.each([
    ['{ user: someone, password: hunter22 }', { user: 'someone', password: 'hunter22' }],
    ['{ user: someone, pass: [hunter22] }', { user: 'someone', pass: ['hunter22'] }],
    ['"user=someone&password=hunter22"', 'user=someone&password=hunter22'],
    ['\'{"user":"someone","password":"hunter22"}\'', '{"user":"someone","password":"hunter22"}'],
  ])('that is written into the file stays out of the plan, and is there for the request: %s', (body, expected) => {
    const { source, plan } = planned(login(body));
    expect(JSON.stringify(plan)).not.toMatch(/hunter|someone/);
    expect(withSecrets(plan, source, lookUp)).toHaveProperty('auth.login.body', expected);
    expect(withSecrets(plan, source, lookUp)).toHaveProperty('auth.login.url', 'https://api.test/login?token=hunter11');
    expect(secretValues(source, lookUp)).toEqual(expect.arrayContaining(['hunter22', 'hunter11']));
    // A user name would garble messages.
    expect(secretValues(source, lookUp)).not.toContain('someone');
  });

  test('keeps its references and its own words in the plan', () => {
    const text = http(
      'auth: { type: session, login: { url: https://api.test/login, headers: { X-Key: "${env:TOKEN}" }, body: { p: "${env:TOKEN}" } }, token: { path: a.b, send_as: "X: ${token}" }, expired_when: { body_contains: Sign in } }',
    );
    const { source, plan } = planned(text);
    expect(plan).toHaveProperty('auth.login.body.p', '${env:TOKEN}');
    const filled = withSecrets(plan, source, lookUp);
    expect(filled).toHaveProperty('auth.login.headers.X-Key', 't0ken-value');
    expect(filled).toHaveProperty('auth.token', { from: { path: 'a.b' }, sendAs: 'X: ${token}' });
    expect(secretValues(source, lookUp)).not.toContain('Sign in');
  });
});

test('each of several keys, and a refresh token, stay out of the plan, and are there for the request', () => {
  const keys = planned(
    http(
      'auth: { type: api_key, name: k, api_keys: [hunter22, "${env:TOKEN}"] }',
      'rate_limit: { requests: 2, per: 1s }',
    ),
  );
  expect(JSON.stringify(keys.plan)).not.toContain('hunter22');
  expect(withSecrets(keys.plan, keys.source, lookUp)).toHaveProperty('auth', {
    type: 'api_keys',
    name: 'k',
    location: 'header',
    apiKeys: ['hunter22', 't0ken-value'],
    limit: { requests: 2, perMs: 1_000 },
  });
  expect(secretValues(keys.source, lookUp)).toEqual(expect.arrayContaining(['hunter22', 't0ken-value']));
  const { source, plan } = planned(
    http('auth: { type: oauth2_refresh_token, token_url: https://t.test, client_id: i, refresh_token: hunter22 }'),
  );
  expect(JSON.stringify(plan)).not.toContain('hunter22');
  expect(withSecrets(plan, source, lookUp)).toHaveProperty('auth.refreshToken', 'hunter22');
});

test('a private key stays out of the plan, and each of its lines is a secret; the path of a file is none', () => {
  const line = 'MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg';
  const pem = `-----BEGIN PRIVATE KEY-----\\n${line}\\n-----END PRIVATE KEY-----`;
  const { source, plan } = planned(http(`tls: { cert: certs/a.pem, key: "${pem}" }`));
  expect(JSON.stringify(plan)).not.toContain(line);
  expect(plan).toHaveProperty('tls.cert', 'certs/a.pem');
  expect(withSecrets(plan, source, lookUp)).toHaveProperty('tls.key', expect.stringContaining(line));
  expect(secretValues(source, lookUp)).toContain(line);
  expect(secretValues(source, lookUp)).not.toContain('certs/a.pem');
});
