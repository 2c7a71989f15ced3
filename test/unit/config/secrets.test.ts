import { describe, expect, test } from 'vitest';
import { planOf } from '../../../src/config/plan.ts';
import { lookUpIn } from '../../../src/config/references.ts';
import { secretValues, withSecrets } from '../../../src/config/secrets.ts';
import { daybookYaml, file, http, parse } from './daybook-yaml.ts';

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
    ...['Authorization', 'authorization', 'Proxy-Authorization', 'Cookie', 'X-API-Key', 'X-Api-Token', 'Private-Token'],
    ...['Ocp-Apim-Subscription-Key', 'X-Auth-Token', 'X-Amz-Signature', 'Client-Secret'],
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

  test('is not found in names that only look like one', () => {
    const { plan } = planned(http('params: { keyword: quake, monkey: yes, per_page: 10 }', 'headers: { X-Trace: t }'));
    expect(plan).toMatchObject({
      params: { keyword: 'quake', monkey: 'yes', per_page: '10' },
      headers: { 'X-Trace': 't' },
    });
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

  test('stays out of the plan wherever it stands', () => {
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
