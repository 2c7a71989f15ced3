import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { checkCommand } from '../../../../../src/cli/commands/source/check.ts';
import { initCommand, type InitOptions } from '../../../../../src/cli/commands/source/init.ts';
import { createContext } from '../../../../../src/cli/options/context.ts';
import { fromOpenApi } from '../../../../../src/cli/init/from-openapi.ts';
import { previewCommand } from '../../../../../src/cli/commands/source/preview.ts';
import { exitCodeOf } from '../../../../../src/cli/output/exit-code.ts';
import { startOrigin, type Origin } from '../../../../support/servers/origin.ts';
import { temporaryFolder } from '../../../../support/temporary-folder.ts';

const token = 'tok-9f8e7d6c5b4a';
let folder: string;
let origin: Origin;
/** Requests that arrived, each with what proves who asks. */
let requests: string[];

const at = (n: number) => new Date(Date.UTC(2026, 10, n)).toISOString();
const items = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => ({ id: `i${from + n}`, title: `Item ${from + n}`, createdAt: at(from + n) }));
const feed = `<rss version="2.0"><channel>${[1, 2].map((n) => `<item><guid>g${n}</guid><pubDate>${new Date(at(n)).toUTCString()}</pubDate></item>`).join('')}</channel></rss>`;

beforeAll(async () => {
  folder = temporaryFolder();
  origin = await startOrigin((url, response, request) => {
    const { authorization = '', cookie = '', 'x-api-key': key = '' } = request.headers;
    const secret = [authorization, cookie, key, url.searchParams.get('api_key') ?? ''].join(' ');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const posted = Buffer.concat(chunks).toString();
      requests.push(`${request.method} ${url.pathname}${url.search} ${secret} ${posted}`.trim());
      const answer = answerTo(url, secret + posted);
      response.writeHead(answer === null ? 401 : 200, {
        'content-type': url.pathname === '/feed' ? 'text/xml' : 'application/json',
      });
      response.end(answer ?? `{"error":"wrong ${secret}"}`);
    });
  });
});
afterAll(async () => {
  await origin.close();
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => {
  requests = [];
  vi.unstubAllEnvs();
});

function answerTo(url: URL, secrets: string): string | null {
  if (url.pathname === '/feed') return feed;
  if (url.pathname === '/openapi.json') return JSON.stringify(apiDocument('/api'));
  if (!secrets.includes(token)) return null;
  if (url.pathname === '/v1/charges') return JSON.stringify({ has_more: true, data: items(1, 3) });
  const page = Number(url.searchParams.get('page') ?? 1);
  return JSON.stringify({ data: { items: page > 2 ? [] : items(page * 3, 3) } });
}

function apiDocument(server: string, security: object[] = [{ key: [] }]) {
  const schema = {
    type: 'object',
    properties: { id: { type: 'string' }, createdAt: { type: 'string', format: 'date-time' } },
  };
  const list = {
    type: 'object',
    properties: { data: { type: 'object', properties: { items: { type: 'array', items: schema } } } },
  };
  return {
    openapi: '3.0.0',
    info: { title: 'Shop', version: '1' },
    servers: [{ url: server }],
    components: { securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-Api-Key' } } },
    security,
    paths: {
      '/{shop}/items': {
        get: {
          operationId: 'listItems',
          parameters: [
            { name: 'shop', in: 'path', required: true, schema: { type: 'string' } },
            { name: 'page', in: 'query', schema: { type: 'integer' } },
          ],
          responses: { 200: { content: { 'application/json': { schema: list } } } },
        },
      },
    },
  };
}

/** What a command prints, here in this process. */
async function printed(act: () => Promise<void>) {
  const texts = { stdout: '', stderr: '', code: 0 };
  const spies = (['stdout', 'stderr'] as const).map((stream) =>
    vi.spyOn(process[stream], 'write').mockImplementation((part) => {
      texts[stream] += String(part);
      return true;
    }),
  );
  try {
    texts.code = await exitCodeOf(act);
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return texts;
}

/** What init prints; `check` and `preview` of it succeed once its variables are set. */
async function imported(options: InitOptions, variables: Record<string, string> = {}, address?: string) {
  const config = join(folder, 'daybook.yaml');
  const { stdout, stderr, code } = await printed(() => initCommand(address, { ...options, config }));
  writeFileSync(config, stdout);
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value);
  const checked = await printed(() => checkCommand({ config }));
  expect(checked.stderr).toBe('');
  expect(checked.stdout).toContain('OK');
  const [, name = ''] = /name: (\S+)/.exec(stdout) ?? [];
  const shown = await printed(() => previewCommand(name, { config }));
  expect(`${stdout}${stderr}${shown.stdout}${shown.stderr}`).not.toContain(token);
  return { yaml: stdout, stderr, code, preview: shown.stderr + shown.stdout };
}
const refused = (options: InitOptions, address?: string) =>
  printed(() => initCommand(address, { ...options, config: join(folder, 'none.yaml') }));

describe('init --curl', () => {
  test.each<[what: string, command: (url: string) => string, variable: string, parts: string[]]>([
    [
      'a token',
      (url) => `curl '${url}/v1/items' -H 'Authorization: Bearer ${token}'`,
      'ITEMS_TOKEN',
      ['type: bearer', 'records: data.items', 'id: id', 'occurred_at: createdAt'],
    ],
    [
      'a cookie and a page',
      (url) => `curl '${url}/v1/items?page=1&per_page=3' -b 'sid=${token}'`,
      'ITEMS_COOKIE',
      ['Cookie: ${env:', 'type: page_number', 'per_page: 3'],
    ],
    ['a key in a parameter', (url) => `curl '${url}/v1/items?api_key=${token}'`, 'ITEMS_API_KEY', ['api_key: ${env:']],
    [
      'a body',
      (url) => `curl '${url}/v1/items' --json '{"key":"${token}","q":"all"}'`,
      'ITEMS_KEY',
      ['method: POST', 'key: ${env:', 'q: all'],
    ],
  ])('proposes the source of a command with %s', async (_, command, variable, parts) => {
    const { yaml, stderr, preview } = await imported(
      { curl: command(origin.url) },
      { [variable]: variable === 'ITEMS_COOKIE' ? `sid=${token}` : token },
    );
    for (const part of parts) expect(yaml).toContain(part);
    expect(yaml).toContain('allow_private: true');
    expect(stderr).toMatch(/[36] of [36] records would be stored/);
    expect(stderr).toContain(`set ${variable} (`);
    expect(preview).toMatch(/0 rejected/);
  });

  test('takes a command as the address, too, and proposes feeds', async () => {
    const { yaml } = await imported({}, {}, `curl '${origin.url}/feed' -H 'accept: */*'`);
    expect(yaml).toContain('type: rss');
  });

  test('sends the values of variables that are set', async () => {
    vi.stubEnv('MY_TOKEN', token);
    const { yaml, stderr } = await imported({
      curl: `curl ${origin.url}/v1/items -H "Authorization: Bearer $MY_TOKEN"`,
    });
    expect(yaml).toContain('token: ${env:MY_TOKEN}');
    expect(stderr).not.toContain('secrets are not written');
  });

  test('proposes no paginator that leads to the first page again', async () => {
    const curl = `curl ${origin.url}/v1/charges -H 'X-Api-Key: ${token}'`;
    const { yaml, stderr } = await imported({ curl }, { CHARGES_API_KEY: token });
    expect(yaml).not.toContain('paginator:');
    expect(stderr).toContain('3 of 3 records would be stored');
    expect(stderr).toContain('note: the answer says that there are more pages, but the second one repeats the first');
  });

  test('never shows a secret in an error', async () => {
    const wrong = 'wrong-secret-value-123';
    const curl = `curl '${origin.url}/v1/items?api_key=${wrong}' -H 'X-Api-Key: ${wrong}'`;
    await expect(refused({ curl })).rejects.toThrow(/answered 401/);
    await expect(refused({ curl })).rejects.not.toThrow(wrong);
  });
});

describe('init --opml', () => {
  const opml =
    () => `<opml version="2.0"><body><outline text="Tech"><outline text="Good News" type="rss" xmlUrl="${origin.url}/feed"/>
    <outline text="Bad" type="rss"/></outline></body></opml>`;

  test.each([[false], [true]])(
    'proposes a source for each feed and fetches none; as the address: %s',
    async (asAddress) => {
      const file = join(folder, 'subscriptions.opml');
      writeFileSync(file, opml());
      const before = requests.length;
      const { stdout, stderr } = await refused(asAddress ? {} : { opml: file }, asAddress ? file : undefined);
      expect(requests).toHaveLength(before);
      expect(stdout).toContain(`  # Folder: Tech\n  - name: good-news\n    type: rss\n    url: ${origin.url}/feed`);
      expect(stderr).toContain('note: left out "Bad" in Tech: no xmlUrl');
      expect(stderr).toContain('1 source; no feed was fetched');
    },
  );

  test('and they pass check and preview', async () => {
    const file = join(folder, 'subscriptions.opml');
    writeFileSync(file, opml());
    const { preview } = await imported({ opml: file });
    expect(preview).toContain('2 of these 2 would be stored');
  });
});

describe('init --openapi', () => {
  const operation = { operation: 'listItems', param: ['shop=s1'] };

  test('proposes an operation without asking the API while its secrets have no value', async () => {
    const { yaml, stderr, preview } = await imported(
      { openapi: `${origin.url}/openapi.json`, ...operation },
      { LIST_ITEMS_API_KEY: token },
    );
    expect(yaml).toContain(`url: ${origin.url}/api/s1/items`);
    for (const part of [
      'X-Api-Key: ${env:LIST_ITEMS_API_KEY}',
      'records: data.items',
      'id: id',
      'occurred_at: createdAt',
      'type: page_number',
    ])
      expect(yaml).toContain(part);
    expect(stderr).toContain('the API was not asked, because LIST_ITEMS_API_KEY has no value yet');
    expect(requests.filter((request) => request.includes('/api/'))[0]).toMatch(
      new RegExp(`GET /api/s1/items\\?page=1 +${token}`),
    );
    expect(preview).toMatch(/0 rejected/);
  });

  test('asks it where it can', async () => {
    vi.stubEnv('LIST_ITEMS_API_KEY', token);
    const file = join(folder, 'api.yaml');
    writeFileSync(file, stringify(apiDocument(`${origin.url}/api`)));
    const { stderr } = await imported({ ...operation }, {}, file);
    expect(stderr).toContain('6 of 6 records would be stored');
  });

  test('takes credentials of its own', async () => {
    vi.stubEnv('MY_KEY', token);
    const { yaml, stderr } = await imported({
      openapi: `${origin.url}/openapi.json`,
      ...operation,
      auth: 'bearer:${env:MY_KEY}',
    });
    expect(yaml).toContain('token: ${env:MY_KEY}');
    expect(stderr).toContain('records would be stored');
    expect(requests[0]).toBe('GET /openapi.json');
  });

  test('says what the API answered instead', async () => {
    const file = join(folder, 'api.json');
    writeFileSync(file, JSON.stringify(apiDocument(`${origin.url}/api`, [])));
    const { stdout, stderr, code } = await refused({ openapi: file, ...operation });
    expect(stderr).toMatch(/the API could not be read \(.*answered 401/);
    expect(stdout).toContain('records: data.items');
    expect(code).toBe(1);
  });

  test('asks no private server that a document from elsewhere names', async () => {
    const context = createContext({ config: join(folder, 'none.yaml') });
    const text = JSON.stringify(apiDocument(`${origin.url}/api`, []));
    const document = { text, address: 'https://docs.test/openapi.json', isTrusted: false };
    const { notes, entries } = await fromOpenApi(context, document, operation, { headers: {}, source: {} });
    expect(notes.join()).toContain('the API was not asked, because the document names a private address');
    expect(entries[0]?.source['allow_private']).toBeUndefined();
    expect(requests).toEqual([]);
  });

  test('proposes what it can where the API does not answer', async () => {
    const file = join(folder, 'api.json');
    writeFileSync(file, JSON.stringify(apiDocument('http://127.0.0.1:1/api', [])));
    const { stderr, code } = await refused({ openapi: file, ...operation });
    expect(stderr).toMatch(/the API could not be read \(.*ECONNREFUSED/);
    expect(code).toBe(0);
  });

  test('lists operations', async () => {
    await expect(refused({ openapi: `${origin.url}/openapi.json`, operation: 'listThings' })).rejects.toThrow(
      /found no operation "listThings"[\s\S]*listItems {2}GET \/\{shop\}\/items/,
    );
  });
});

describe('init --har', () => {
  test('proposes the request with the most records, without asking anyone', async () => {
    const entry = (url: string, value: unknown, headers: object[] = []) => ({
      request: { method: 'GET', url, headers },
      response: { status: 200, headers: [], content: { mimeType: 'application/json', text: JSON.stringify(value) } },
    });
    const headers = [
      { name: ':authority', value: 'x' },
      { name: 'cookie', value: `sid=${token}` },
      { name: 'sec-fetch-mode', value: 'cors' },
    ];
    const file = join(folder, 'recording.har');
    writeFileSync(
      file,
      JSON.stringify({
        log: {
          version: '1.2',
          entries: [
            entry(`${origin.url}/config`, { a: [{ id: 1 }] }),
            entry(`${origin.url}/v1/items?page=2&per_page=3`, { data: { items: items(6, 3) } }, headers),
          ],
        },
      }),
    );
    const { yaml, stderr, preview } = await imported({ har: file }, { ITEMS_COOKIE: `sid=${token}` });
    for (const part of [
      'records: data.items',
      'id: id',
      'occurred_at: createdAt',
      'cookie: ${env:ITEMS_COOKIE}',
      'type: page_number',
      'allow_private: true',
    ])
      expect(yaml).toContain(part);
    expect(stderr).toContain('3 of 3 recorded records would be stored');
    expect(stderr).toMatch(/note: another: GET \S+\/config with 1 record/);
    expect(requests[0]).toMatch(/^GET \/v1\/items\?per_page=3&page=1/);
    expect(preview).toMatch(/0 rejected/);
  });

  test('says what is missing', async () => {
    const file = join(folder, 'empty.har');
    writeFileSync(file, JSON.stringify({ log: { entries: [] } }));
    await expect(refused({ har: file })).rejects.toThrow(/found no JSON answer with a list of objects in 0 requests/);
  });
});

describe('init is refused', () => {
  test.each<[options: InitOptions, address: string | undefined, type: string, expected: RegExp]>([
    [{}, undefined, 'UsageError', /Missing an address or a file, e\.g\. /],
    [{ curl: 'curl x', har: 'y' }, undefined, 'UsageError', /found --curl and --har, expected only one/],
    [{ opml: 'nowhere.opml' }, undefined, 'UsageError', /--opml: expected an OPML file; found no file "nowhere\.opml"/],
    [{ har: '.' }, undefined, 'UsageError', /found "\.", a folder/],
    [{ openapi: 'nowhere.json' }, undefined, 'UsageError', /found no file "nowhere\.json"/],
    [{ opml: 'package.json' }, undefined, 'CannotStart', /found a text that begins .*expected OPML/],
    [{ har: 'package.json' }, undefined, 'CannotStart', /expected a HAR file with log\.entries/],
    [{ openapi: 'package.json' }, undefined, 'CannotStart', /expected an OpenAPI 3 or Swagger 2\.0 document/],
    [{ opml: 'package.json', name: 'x' }, undefined, 'UsageError', /--name is for one source/],
    [
      { har: 'package.json', auth: 'bearer:${env:X}' },
      undefined,
      'UsageError',
      /--header and --auth are only for URLs and --openapi, found a HAR file/,
    ],
    [
      { curl: 'curl x', operation: 'y' },
      undefined,
      'UsageError',
      /--operation, --param and --server are only for --openapi/,
    ],
    [{ server: 'https://x.test' }, 'package.json', 'UsageError', /are only for --openapi, found a file of records/],
  ])('%j %s', async (options, address, type, expected) => {
    const error = await refused(options, address).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ type });
    expect((error as Error).message).toMatch(expected);
  });
});
