import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test, vi } from 'vitest';
import { Instance } from '../../src/domain/instance.ts';
import { CliSandbox, type RunningDaybook } from '../support/cli-sandbox.ts';
import { createDatabase, type TestDatabase } from '../support/servers/database.ts';
import { freePort } from '../support/servers/free-port.ts';
import { historyText } from '../support/history-text.ts';
import { createNamespace, type TestNamespace } from '../support/servers/namespace.ts';
import { startOrigin, type Handler, type Origin } from '../support/servers/origin.ts';
import { Secrets } from '../support/secret-search.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';

const { taskQueue } = new Instance();

const secrets = new Secrets();
const folder = temporaryFolder();
const at = new Date().toISOString();
/** What the file refers to as `${env:…}`. */
const variables = {
  BEARER: secrets.awkward('bearer'),
  BASIC: secrets.awkward('basic'),
  HEADER_KEY: secrets.awkward('header key'),
  QUERY_KEY: secrets.awkward('query key'),
  CLIENT_SECRET: secrets.awkward('client secret'),
  HEADER: secrets.awkward('header'),
  PARAM: secrets.awkward('parameter'),
  BODY: secrets.awkward('body'),
  OPTION: secrets.awkward('option'),
  LOGIN: secrets.awkward('login'),
  REFRESH: secrets.awkward('refresh token'),
  KEY_A: secrets.awkward('first key'),
  KEY_B: secrets.awkward('second key'),
  COOKIE_KEY: secrets.plain('key in a cookie'),
  PROXY_PASSWORD: secrets.plain('proxy'),
  HOST: secrets.plain('host'),
  PATH_KEY: secrets.plain('path'),
  FOLDER: secrets.plain('folder'),
};
const accessToken = secrets.awkward('access token');
const session = { cookie: secrets.plain('session cookie'), token: secrets.awkward('session token') };
const refreshed = secrets.awkward('next refresh token');
const tokenKey = Buffer.from(`${secrets.plain('token key')}${secrets.plain('token key (its end)')}`.slice(0, 32));
const literal = secrets.plain('literal');
const hook = { path: secrets.plain('webhook path'), token: secrets.awkward('webhook token') };

let database: TestDatabase;
let namespace: TestNamespace;
let origin: Origin;
let other: Origin;
let place: CliSandbox;
let worker: RunningDaybook;
let http: string;
/** Where something was said, and what. */
const said: [where: string, text: string][] = [];

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

/** All that a request holds, as a careless server gives it back. */
async function everything(url: URL, request: Parameters<Handler>[2]): Promise<string> {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  const query = [...url.searchParams.values()].join(' ');
  const basic = Buffer.from((request.headers.authorization ?? '').replace('Basic ', ''), 'base64').toString();
  return `${JSON.stringify(request.headers)} ${url.href} ${query} ${basic} ${body} ${decodeURIComponent(body)}`;
}

/** What a login gave out, as a server puts it into its links. */
function carriedBy(headers: Parameters<Handler>[2]['headers']): string {
  return [headers.cookie, headers['x-session'], headers.authorization].join(' ');
}

/** Answers by the first part of the path. */
const careless: Handler = async (url, response, request) => {
  const echo = await everything(url, request);
  // Truncated at different positions.
  const key = url.searchParams.get('key') ?? '';
  const header = (text: string) => text.replaceAll(/[^ -~]/g, '?').slice(0, 8_000);
  switch (url.pathname.split('/')[1]) {
    case 'refused':
      return void response.writeHead(401, { 'www-authenticate': header(echo), 'x-echo': header(echo) }).end(echo);
    case 'redirect':
      return void response
        .writeHead(302, {
          location: `${other.url}/${encodeURIComponent(header(echo))}?echo=${encodeURIComponent(key)}`,
        })
        .end(echo);
    case 'broken':
      return void response.setHeader('content-type', 'application/json').end(`{"denied for the": ${key} ${echo}`);
    case 'cut':
      return void response.end(`{"some words of no importance": "${key.slice(0, -1)}`);
    case 'letters':
      return void response.end(
        JSON.stringify([
          { id: { key }, at, note: echo },
          { id: 1, at: `${'x'.repeat(48)}${key}`, note: echo },
          { id: `id ${key}`, at: key, note: Buffer.from(`user:${key}`).toString('base64') },
          { id: 2, at, [key]: 'an unknown member' },
        ]),
      );
    case 'token':
      if (url.pathname.endsWith('bad'))
        return void response.writeHead(400).end(JSON.stringify({ error: `bad ${echo}` }));
      return void response.end(JSON.stringify({ access_token: accessToken, expires_in: 3600 }));
    case 'login':
      response.setHeader('set-cookie', `sid=${session.cookie}; Path=/`);
      return void response.end(JSON.stringify({ token: url.pathname.endsWith('none') ? { echo } : session.token }));
    case 'rotate':
      return void response.end(
        JSON.stringify({
          access_token: accessToken,
          refresh_token: refreshed,
          expires_in: url.pathname.endsWith('now') ? 0 : 3600,
        }),
      );
    case 'pages':
      if (url.searchParams.has('again')) return void response.writeHead(500).end(echo);
      return void response.end(
        JSON.stringify({
          items: [{ id: 1, at }],
          next: `${origin.url}/pages?again=${encodeURIComponent(key)}&key=${encodeURIComponent(key)}&session=${encodeURIComponent(carriedBy(request.headers))}`,
        }),
      );
    case 'page':
      return void response.end('<html><p class="item"><a href="?page=2">one</a></p></html>');
    case 'xml':
      return void response.end(`<${key}-and-more-of-it>`);
    case 'robots.txt':
      return void response.end('User-agent: *\nDisallow: /closed');
    default:
      return void response.writeHead(500).end(echo);
  }
};

/** Sources whose requests carry what a login or a token endpoint gave out, or one of several keys. */
function logins(json: (address: string, ...more: string[]) => string): Record<string, string> {
  const login = (path: string, more = '') =>
    `auth: { type: session, login: { url: "${origin.url}${path}", body: { user: me, password: "\${env:LOGIN}" } }${more} }`;
  const linked = 'records: items, paginator: { type: json_link, next_url_path: next }';
  const token = ', token: { path: token, send_as: "X-Session: ${token}" }';
  const refresh = (path: string) =>
    `auth: { type: oauth2_refresh_token, token_url: "${origin.url}${path}", client_id: me, client_secret: "\${env:CLIENT_SECRET}", refresh_token: "\${env:REFRESH}" }`;
  return {
    session: json('/letters', login('/login')),
    'session-token': json('/refused', login('/login', token)),
    'session-none': json('/refused', login('/login/none', token)),
    'session-refused': json('/refused', login('/refused')),
    'session-literal': json('/refused', login('/login').replace('${env:LOGIN}', literal)),
    'session-expired': json('/refused', login('/login', `${token}, expired_when: { body_contains: GET }`)),
    'session-pages': json('/pages', login('/login', token), linked),
    'refresh-pages': json('/pages', refresh('/rotate').replace('REFRESH', 'PARAM'), linked),
    refresh: json('/letters', refresh('/rotate')),
    'refresh-often': json('/refused', refresh('/rotate/now').replace('REFRESH', 'OPTION')),
    'refresh-bad': json('/refused', refresh('/token/bad').replace('REFRESH', 'HEADER')),
    keys: json('/refused', 'auth: { type: api_key, name: X-Key, api_keys: ["${env:KEY_A}", "${env:KEY_B}"] }'),
    'cookie-key': json(
      '/letters',
      'auth: { type: api_key, name: key, location: cookie, api_key: "${env:COOKIE_KEY}" }',
    ),
  };
}

/** A source for each way in which a secret may come back; only `good` does not fail, and has no dead letters. */
function sources(): Record<string, string> {
  const json = (address: string, ...more: string[]) => {
    const url = address.startsWith('/') ? origin.url + address : address;
    return ['type: http_json', `url: "${url}"`, 'id: id', 'occurred_at: at', ...more].join(', ');
  };
  const key = 'auth: { type: api_key, name: key, location: query, api_key: "${env:QUERY_KEY}" }';
  const plainKey = key.replace('QUERY_KEY', 'PATH_KEY');
  const oauth = (path: string) =>
    `auth: { type: oauth2_client_credentials, token_url: "${origin.url}/token/${path}", client_id: me, client_secret: "\${env:CLIENT_SECRET}" }`;
  const html = (address: string, ...more: string[]) =>
    ['type: html', `url: "${origin.url}${address}"`, 'items: { selector: p.item }', 'id: link']
      .concat('fields: { link: { selector: a, attr: href } }', 'occurred_at: { on_missing: fetched_at }', more)
      .join(', ');
  const module = (file: string) =>
    `type: module, module: ${file}, options: { key: "\${env:OPTION}", password: ${literal} }, id: id, occurred_at: at`;
  const secure = origin.url.replace('http:', 'https:');
  const proxy = origin.url.replace('//', '//me:${env:PROXY_PASSWORD}@');
  return {
    bearer: json('/refused', 'auth: { type: bearer, token: "${env:BEARER}" }'),
    basic: json('/refused', 'auth: { type: http_basic, username: me, password: "${env:BASIC}" }'),
    'header-key': json('/refused', 'auth: { type: api_key, name: X-Key, api_key: "${env:HEADER_KEY}" }'),
    'query-key': json('/refused', key),
    oauth: json('/refused', oauth('good')),
    'oauth-refused': json('/refused', oauth('bad')),
    ...logins(json),
    header: json('/redirect', 'headers: { X-Mine: "a ${env:HEADER} b" }', 'params: { key: "${env:PARAM}" }'),
    literal: json('/redirect', `headers: { X-Api-Key: ${literal} }`, `params: { token: ${literal} }`),
    posted: json('/refused', 'method: POST', 'body: { password: "${env:BODY}", nested: [{ text: "${env:BODY}" }] }'),
    'in-path': json('/${env:PATH_KEY}/x', 'params: { key: "${env:PARAM}" }'),
    broken: json('/broken', key),
    cut: json('/cut', key),
    letters: json('/letters', key, 'schema: schema.json'),
    strict: json('/letters', key, 'on_invalid: fail'),
    pages: json('/pages', key, 'records: items', 'paginator: { type: json_link, next_url_path: next }'),
    'no-host': json('http://${env:HOST}.invalid/', key),
    'no-server': json('http://127.0.0.1:1/${env:PATH_KEY}', key),
    'no-tls': json(`${secure}/\${env:PATH_KEY}`, key),
    proxied: json('/refused', `proxy: "${proxy}"`),
    feed: `type: rss, url: "${origin.url}/xml", ${plainKey}`,
    closed: html('/closed/${env:PATH_KEY}', 'robots: obey'),
    good: html('/page?key=${env:PARAM}', key.replace('name: key', 'name: other'), 'robots: ignore'),
    module: module('failing.mjs'),
    floating: module('floating.mjs'),
    files: 'type: file, path: "${env:FOLDER}/none.ndjson", id: id, occurred_at: at',
  };
}

function configuration(): string {
  const lines = Object.entries(sources()).map(([name, keys]) => {
    const isFetched = !keys.startsWith('type: file');
    return `  - { name: ${name}, ${keys}${isFetched ? ', allow_private: true' : ''}, retry: { max_attempts: 1 } }\n`;
  });
  return `version: 1\nsources:\n${lines.join('')}`;
}

beforeAll(async () => {
  database = await createDatabase(inject('postgres'));
  namespace = await createNamespace(inject('temporalAddress'), `secrets-${process.pid}`);
  other = await startOrigin((_url, response) => void response.writeHead(500).end());
  origin = await startOrigin(careless);
  writeFileSync(join(folder, 'daybook.yaml'), configuration());
  writeFileSync(
    join(folder, 'schema.json'),
    '{"type":"object","properties":{"id":{},"at":{},"note":{}},"additionalProperties":false}',
  );
  const failing =
    "const why = `module ${options.key} ${options.password}`; JSON.parse(`[\"${options.key}`.slice(0, -9) + ' ' + why);";
  writeFileSync(
    join(folder, 'failing.mjs'),
    `export default async function* ({ options, cursor }) {
       if (cursor === null) yield { records: [{ id: 1, at: '${at}' }, { id: options.key, at: options.key }, () => options.key], cursor: { token: options.key } };
       ${failing}
     }\n`,
  );
  writeFileSync(
    join(folder, 'floating.mjs'),
    `export default async function* ({ options }) {
       setTimeout(() => { throw new TypeError('later ' + options.key, { cause: new Error(options.key) }); }, 10);
       await new Promise(() => {});
       yield { records: [] };
     }\n`,
  );
  const { host, port, database: name, user, password } = database.settings;
  const address = `127.0.0.1:${await freePort()}`;
  http = `http://${address}`;
  place = new CliSandbox(folder, {
    ...variables,
    PG_HOST: host,
    PG_PORT: String(port),
    PG_DB: name,
    PG_USER: user,
    PG_PASSWORD: password,
    TEMPORAL_ADDRESS: inject('temporalAddress'),
    TEMPORAL_NAMESPACE: namespace.name,
    DAYBOOK_ALERT_WEBHOOK: `${origin.url}/${hook.path}?token=${encodeURIComponent(hook.token)}`,
    DAYBOOK_HTTP: address,
    DAYBOOK_KEY: tokenKey.toString('base64'),
    LOG_LEVEL: 'trace',
  });
  worker = place.start(['worker']);
  await worker.shows('Worker started');
});
afterAll(async () => {
  await worker?.stop();
  for (const server of [origin, other]) await server?.close();
  await namespace?.close();
  await database?.drop();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a source to its end, however that is. */
async function run(source: string, attempt = 1): Promise<void> {
  const workflowId = `scrape-${source}-run-${attempt}`;
  const handle = await namespace.client.workflow.start('scrapeRun', {
    taskQueue,
    workflowId,
    args: [{ source, force: true }],
  });
  const result = await handle.result().catch((error: unknown) => error);
  said.push([`the result of ${source}`, JSON.stringify(result, Object.getOwnPropertyNames(result))]);
}

async function command(args: readonly string[], changed: Record<string, string> = {}): Promise<void> {
  const { code, stdout, stderr } = await place.run(args, { variables: changed });
  said.push([`daybook ${args.join(' ')} (${Object.keys(changed).join()})`, `${code}\n${stdout}\n${stderr}`]);
}

async function look(page: string, status: number): Promise<void> {
  const response = await fetch(http + page);
  expect(response.status).toBe(status);
  said.push([page, await response.text()]);
}

/** Does the work, three at a time. */
async function all(work: readonly (() => Promise<void>)[]): Promise<void> {
  const left = [...work];
  await Promise.all(
    [1, 2, 3].map(async () => {
      for (let next = left.shift(); next; next = left.shift()) await next();
    }),
  );
}

async function readWorkflows(): Promise<void> {
  for await (const { workflowId, runId, ...execution } of namespace.client.workflow.list()) {
    const handle = namespace.client.workflow.getHandle(workflowId, runId);
    const details = await handle.query('__temporal_workflow_metadata').catch((error: unknown) => String(error));
    said.push([`the workflow ${workflowId}`, await historyText(handle)]);
    said.push([`details of ${workflowId}`, JSON.stringify([details, execution, await handle.describe()], noBigInt)]);
  }
}

const noBigInt = (_name: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);

function readFolder(): void {
  for (const entry of readdirSync(join(folder, 'data'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) said.push([path, `${path}\n${readFileSync(path, 'utf8')}`]);
  }
}

describe('a secret', () => {
  test('is searched for in all forms: a part of it, in base64, in another case', () => {
    const one = new Secrets();
    const text = one.plain('one');
    for (const form of [text, text.toUpperCase(), text.slice(4, 14), Buffer.from(`ab${text}cd`).toString('base64')]) {
      expect(one.foundIn(`before ${form} after`)).toHaveLength(1);
    }
    expect(one.foundIn('before and after')).toEqual([]);
  });

  test('is in nothing that is shown, logged or stored, with any responses to the requests that carried it', async () => {
    await Promise.all(Object.keys(sources()).map((name) => run(name)));
    await all([
      ...['letters', 'oauth', 'module', 'session', 'refresh'].map((name) => () => command(['preview', name])),
      () => command(['preview', 'letters', '--json']),
      () => command(['run', 'basic', '--json']),
      () => command(['doctor', '--json']),
      () => command(['dead-letters', 'list', '--json']),
      () => command(['dead-letters', 'replay', '--source', 'letters', '--dry-run']),
      () => command(['export', '--source', 'good']),
    ]);
    for (const page of ['/metrics', '/', '/readyz']) await look(page, 200);
    await breakConfiguration();
    await breakServers();
    await readWorkflows();
    readFolder();
    said.push(['the log', worker.output]);
    // All of it was tried: the servers gave the secrets back, and the alerts were told.
    expect(worker.output).toMatch(/"event":"alert"/);
    expect(worker.output).toMatch(/Alert webhook rejected an alert/);
    expect(said.length).toBeGreaterThan(90);
    expect(origin.requests).toEqual(expect.arrayContaining(['/login', '/rotate', '/rotate/now']));
    expect(said.filter(([where]) => /\/tokens\/[0-9a-f]{64}\/\d+$/.test(where)).length).toBeGreaterThan(1);
    const hits = said.flatMap(([where, text]) => secrets.foundIn(text).map((found) => `${where}: ${found}`));
    expect(hits).toEqual([]);
  });
});

/** A mistake whose message quotes the file: an alert reports it, and the worker continues with the last good one. */
async function breakConfiguration(): Promise<void> {
  const file = join(folder, 'daybook.yaml');
  const good = readFileSync(file, 'utf8');
  writeFileSync(
    file,
    good.replace('token: "${env:BEARER}"', `token: [${literal}], what ${literal}: Bearer ${literal}`),
  );
  await run('good', 2);
  for (const page of ['/', '/metrics']) await look(page, 200);
  await all([() => command(['check', '--json']), () => command(['status', '--json'])]);
  writeFileSync(file, good);
}

/** Servers that cannot be reached, or refuse. */
async function breakServers(): Promise<void> {
  const refused = { PG_USER: 'unknown', PG_PASSWORD: secrets.awkward('password'), PG_SSLMODE: 'disable' };
  const apiKey = secrets.awkward('API key');
  await all([
    ...[
      ['status', '--json'],
      ['sql', 'select 1'],
    ].map((args) => () => command(args, refused)),
    () => command(['migrate'], { PG_HOST: `postgres://me:${secrets.plain('DSN')}@127.0.0.1/x` }),
    ...[['status', '--json'], ['worker']].map((args) => () => command(args, { TEMPORAL_API_KEY: apiKey })),
    ...[
      ['doctor', '--json'],
      ['run', 'good'],
    ].map((args) => () => command(args, { ...refused, TEMPORAL_API_KEY: `${apiKey}\n${apiKey}` })),
    () => command(['worker'], { TEMPORAL_ADDRESS: `http://me:${secrets.plain('address')}@127.0.0.1:1` }),
  ]);
}
