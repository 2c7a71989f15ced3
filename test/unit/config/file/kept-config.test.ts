import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openConfigFile } from '../../../../src/config/file/config-file.ts';
import { configToKeep, openKeptConfig } from '../../../../src/config/file/kept-config.ts';
import { planOf } from '../../../../src/config/plan/plan.ts';
import { parseConfig } from '../../../../src/config/file/parse-config.ts';
import { lookUpIn } from '../../../../src/config/secrets/references.ts';
import { daybookYaml, file, http } from '../daybook-yaml.ts';

const lookUp = lookUpIn({ TOKEN: 'from-the-environment' });
let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'daybook-kept-'));
  path = join(folder, 'daybook.yaml');
});
afterEach(() => rmSync(folder, { recursive: true }));

/** What is kept of a text, with a time. */
function kept(text: string) {
  const found = configToKeep({ text, config: parseConfig(text, path, lookUp) }, path);
  if (found === null) throw new Error('nothing is kept');
  return { savedAt: '2026-11-29T10:00:00.000Z', ...found };
}

/** The same, as it comes out of the store, opened. */
const reopened = (text: string) => openKeptConfig(JSON.parse(JSON.stringify(kept(text))) as never, path, lookUp);

/** Beside the source in question one that holds no secret: something must be left to keep. */
const beside = http('name: open');
const secret = 'hunter2-A8f/k+3';

/** A literal secret in each possible place, and the place that is named. */
const literals: Record<string, readonly [lines: readonly string[], place: string]> = {
  bearer: [[`auth: { type: bearer, token: "${secret}" }`], 'auth.token'],
  'bearer with a reference behind it': [[`auth: { type: bearer, token: "${secret}\${env:TOKEN}" }`], 'auth.token'],
  'api_key in a header': [[`auth: { type: api_key, name: X-Key, api_key: "${secret}" }`], 'auth.api_key'],
  'api_key in the query': [
    [`auth: { type: api_key, name: key, location: query, api_key: "${secret}" }`],
    'auth.api_key',
  ],
  'http_basic, password': [[`auth: { type: http_basic, username: me, password: "${secret}" }`], 'auth.password'],
  'http_basic, a key as user name': [
    [`auth: { type: http_basic, username: "${secret}", password: "" }`],
    'auth.username',
  ],
  oauth2: [
    [
      `auth: { type: oauth2_client_credentials, token_url: https://id.test/token, client_id: me, client_secret: "${secret}" }`,
    ],
    'auth.client_secret',
  ],
  'oauth2, parameter of token_url': [
    [
      `auth: { type: oauth2_client_credentials, token_url: "https://id.test/token?api_key=${secret}", client_id: me, client_secret: "\${env:TOKEN}" }`,
    ],
    'auth.token_url',
  ],
  'header Authorization': [[`headers: { Authorization: "Bearer ${secret}" }`], 'headers.Authorization'],
  'header X-Api-Key': [[`headers: { X-Api-Key: "${secret}" }`], 'headers.X-Api-Key'],
  'header Cookie beside a reference': [[`headers: { Cookie: "sid=${secret}; other=\${env:TOKEN}" }`], 'headers.Cookie'],
  'parameter of params': [[`params: { access_token: "${secret}" }`], 'params.access_token'],
  'parameter under an unusual name': [[`params: { serviceKey: "${secret}" }`], 'params.serviceKey'],
  'parameter called pass': [[`params: { user: me, pass: "${secret}" }`], 'params.pass'],
  'parameter of params, a list': [[`params: { token: ["\${env:TOKEN}", "${secret}"] }`], 'params.token.1'],
  'parameter that is a number': [['params: { api_key: 77889900112233 }'], 'params.api_key'],
  'parameter of url': [[`url: "https://api.test/quakes?token=${encodeURIComponent(secret)}&x=1"`], 'url'],
  'proxy, password': [[`proxy: "http://me:${encodeURIComponent(secret)}@proxy.test:3128"`], 'proxy'],
  'proxy, user name alone': [[`proxy: "http://${encodeURIComponent(secret)}@proxy.test:3128"`], 'proxy'],
  'body, nested': [
    ['method: POST', `body: { filter: [{ session: { id: "${secret}" } }] }`],
    'body.filter.0.session.id',
  ],
  'body, a form': [['method: POST', `body: "grant=x&client_secret=${secret}"`], 'body'],
  'body, JSON as a text': [['method: POST', `body: '{"password":"${secret}"}'`], 'body'],
  'body, a number': [['method: POST', 'body: { api_key: 77889900112233 }'], 'body.api_key'],
};

describe("a kept configuration's content", () => {
  test.each(Object.entries(literals))('never holds a literal secret: %s', (_name, [lines, place]) => {
    const found = kept(daybookYaml([http('name: closed', ...lines), beside]));
    expect(found.leftOut).toEqual([{ source: 'closed', reason: expect.stringContaining(` ${place}, expected`) }]);
    expect(found.config).toMatchObject({ sources: [{ name: 'open' }] });
    for (const form of [secret, encodeURIComponent(secret), '77889900112233']) {
      expect(JSON.stringify(found)).not.toContain(form);
    }
  });

  test('nor one that is inherited, or in a comment, an unused anchor, or a module’s options', () => {
    writeFileSync(join(folder, 'm.ts'), 'export {}');
    const text = daybookYaml(
      [
        http('name: closed'),
        '  - { name: module, type: module, module: m.ts, id: id, occurred_at: at, options: { login: { password: ' +
          `"${secret}" } } }`,
        file(`occurred_at: { path: at } # ${secret}`),
      ],
      `defaults: { headers: { X-Token: "${secret}" } }`,
    );
    const found = kept(text);
    expect(found.leftOut.map(({ source }) => source)).toEqual(['closed', 'module']);
    expect(JSON.stringify(found)).not.toContain(secret);
  });

  test('nor one of another source, nor a schema that contains one', () => {
    writeFileSync(join(folder, 's.json'), JSON.stringify({ const: secret }));
    const found = kept(
      daybookYaml([
        http('name: closed', `auth: { type: bearer, token: "${secret}" }`),
        http('name: same', `headers: { X-Tenant: "${secret}" }`),
        http('name: schema', 'schema: s.json'),
        beside,
      ]),
    );
    expect(found.leftOut.map(({ source }) => source)).toEqual(['closed', 'same', 'schema']);
    expect(found.schemas).toEqual({});
    expect(JSON.stringify(found).includes(secret)).toBe(false);
  });

  test('never holds the value of a key with a secret name', () => {
    const value = fc.stringMatching(/^[a-zA-Z0-9+/_.~!*-]{8,40}$/);
    const name = fc.constantFrom('token', 'api_key', 'X-Api-Key', 'password', 'client-secret', 'Cookie', 'signature');
    const where = fc.constantFrom('headers', 'params', 'body');
    fc.assert(
      fc.property(value, name, where, (literal, key, place) => {
        const line = `${place}: { "${key}": "${literal}" }`;
        const found = kept(daybookYaml([http('name: closed', 'method: POST', line), beside]));
        expect(found.leftOut).toHaveLength(1);
        expect(JSON.stringify(found.config)).not.toContain(literal);
      }),
    );
  });

  test.each([
    'auth: { type: bearer, token: "${env:TOKEN}" }',
    'auth: { type: http_basic, username: me, password: "${env:TOKEN}" }',
    'auth: { type: oauth2_client_credentials, token_url: https://id.test/token, client_id: me, client_secret: "${env:TOKEN}", scope: read }',
    'auth: { type: api_key, name: X-Api-Key, api_key: "${env:TOKEN}" }',
    'headers: { Authorization: "Bearer ${env:TOKEN}", Cookie: "sid=${env:TOKEN}; b=${env:TOKEN}", Accept: text/plain }',
    'headers: { Authorization: \'Token token="${env:TOKEN}"\' }',
    'url: "https://api.test/quakes?token=${env:TOKEN}&page_size=100"',
    'proxy: "http://${env:TOKEN}:${env:TOKEN}@proxy.test:3128"',
    'proxy: "http://me:${env:TOKEN}@proxy.test:3128"',
    'params: { key: "${env:TOKEN}", version: 1.10, list: [1, a] }',
    'paginator: { type: cursor, cursor_path: next_token, cursor_param: page_token }',
  ])('holds references to the environment, and what is not a secret: %s', (line) => {
    const text = daybookYaml([http(line)], 'defaults: { timeout: 7s, headers: { User-Agent: 1.0 } }');
    expect(kept(text).leftOut).toEqual([]);
    expect(JSON.stringify(kept(text))).not.toContain('from-the-environment');
    const [config, again] = [parseConfig(text, path, lookUp), reopened(text)];
    expect(again.sources).toEqual(config.sources);
    const plans = [config, again].map((one) => one.sources.map((source) => planOf(one, source)));
    expect(plans[1]).toEqual(plans[0]);
  });

  test('equals the file in everything else', () => {
    const top = 'partitions: { premake: 3, retention: 30d }\ncsv: { retention: 5d }';
    const rss = '  - { name: feed, type: rss, url: https://f.test/, occurred_at: { date_order: dmy } }';
    const text = daybookYaml([http('schedule: { cron: "0 5 * * *" }'), file(), rss], top, 'dead_letters:');
    const { kept: origin, ...again } = reopened(text);
    expect(again).toEqual(parseConfig(text, path, lookUp));
    expect(origin).toMatchObject({ savedAt: '2026-11-29T10:00:00.000Z', file: path, leftOut: [] });
  });
});

describe('a kept configuration', () => {
  const schema = JSON.stringify({ type: 'object', required: ['id'] });

  test('has its schemas, independent of their files', () => {
    writeFileSync(join(folder, 's.json'), schema);
    const text = daybookYaml([http('schema: s.json')]);
    const found = kept(text);
    const hash = parseConfig(text, path, lookUp).schemas.get('s.json') ?? '';
    for (const change of [() => writeFileSync(join(folder, 's.json'), '{'), () => rmSync(join(folder, 's.json'))]) {
      change();
      const config = openKeptConfig(found, path, lookUp);
      expect([...config.schemas]).toEqual([['s.json', hash]]);
      expect(config.kept?.schemaTexts.get(hash)).toBe(schema);
    }
  });

  test('leaves out sources whose module has changed or is gone, and names them', () => {
    const module = (name: string) => `  - { name: ${name}, type: module, module: ${name}.ts, id: id, occurred_at: at }`;
    for (const name of ['same', 'edited', 'gone']) writeFileSync(join(folder, `${name}.ts`), 'export {}');
    const found = kept(daybookYaml(['same', 'edited', 'gone'].map(module)));
    writeFileSync(join(folder, 'edited.ts'), 'export const a = 1');
    rmSync(join(folder, 'gone.ts'));
    const config = openKeptConfig(found, path, lookUp);
    expect(config.sources.map(({ name }) => name)).toEqual(['same']);
    expect(config.kept?.leftOut).toEqual([
      { source: 'edited', reason: 'its module edited.ts has changed' },
      { source: 'gone', reason: 'its module gone.ts is missing' },
    ]);
  });

  test('without any usable source names the sources it would have', () => {
    const found = kept(daybookYaml([http('params: { token: abcdef }')]));
    expect(() => openKeptConfig(found, path, lookUp)).toThrow(/no usable source: quakes \(it has a literal/);
  });

  test('is not created from a file whose schema has changed since', () => {
    writeFileSync(join(folder, 's.json'), schema);
    const text = daybookYaml([http('schema: s.json')]);
    const config = parseConfig(text, path, lookUp);
    writeFileSync(join(folder, 's.json'), '{}');
    expect(configToKeep({ text, config }, path)).toBeNull();
  });

  test('is used while the file is broken or missing, and the file as soon as it is good', () => {
    const keptOne = reopened(daybookYaml([http('name: old')]));
    for (const breakIt of [() => writeFileSync(path, 'version: 2'), () => rmSync(path)]) {
      breakIt();
      const config = openConfigFile(path, lookUp, keptOne);
      const heard: string[] = [];
      config.onGood((good) => heard.push(good.text));
      expect(config.current()).toMatchObject({ config: { sources: [{ name: 'old' }] } });
      expect(config.current().broken?.message).toContain(path);
      expect(heard).toEqual([]);
      const text = daybookYaml([http('name: new')]);
      writeFileSync(path, text);
      expect(config.current()).toMatchObject({ config: { sources: [{ name: 'new' }] }, broken: null });
      expect(config.current().config.kept).toBeUndefined();
      expect(heard).toEqual([text]);
    }
  });

  test('changes once a variable has a value, so that its secrets are known', () => {
    const variables: Record<string, string> = {};
    const text = daybookYaml([http('headers: { X-Key: "${env:LATER}" }')]);
    const late = lookUpIn(variables);
    const found = configToKeep({ text, config: parseConfig(text, path, late) }, path);
    const again = openKeptConfig({ savedAt: '2026-11-29T10:00:00Z', ...found } as never, path, late);
    const config = openConfigFile(path, late, again);
    expect(config.current().config).toBe(again);
    variables['LATER'] = 'secret';
    expect(config.current().config).not.toBe(again);
    expect(config.lastGood()).toMatchObject({ sources: again.sources, unset: [] });
  });
});

test('a source that is requested for each record of one that is left out is left out, too', () => {
  const child = (name: string, parent: string) =>
    http(`name: ${name}`, `url: "https://api.test/\${parent:id}"`, `for_each: { source: ${parent} }`);
  const parent = http('name: issues', `auth: { type: bearer, token: "${secret}" }`);
  const { sources, kept: origin } = reopened(
    daybookYaml([beside, child('likes', 'comments'), child('comments', 'issues'), parent]),
  );
  expect(sources.map(({ name }) => name)).toEqual(['open']);
  expect(origin?.leftOut.map(({ source }) => source).sort()).toEqual(['comments', 'issues', 'likes']);
});
