import { describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { ApiDocument } from '../../../../src/sources/importers/openapi/api-document.ts';
import { GivenValues } from '../../../../src/sources/importers/openapi/given-values.ts';
import { findOperation } from '../../../../src/sources/importers/openapi/operations.ts';
import { proposeOperation } from '../../../../src/sources/importers/openapi/propose-operation.ts';
import { sourceKeys } from '../../../../src/sources/importers/requests/request-keys.ts';
import { pagingOf } from '../../../../src/sources/importers/requests/request-paging.ts';

type Tree = Record<string, unknown>;

const item = {
  type: 'object',
  properties: {
    id: { type: 'integer' },
    name: { type: 'string' },
    created_at: { type: 'string', format: 'date-time' },
  },
};
const answer = (schema: unknown) => ({ responses: { 200: { content: { 'application/json': { schema } } } } });
const query = (name: string, schema: Tree = {}, more: Tree = {}) => ({ name, in: 'query', schema, ...more });
const listOf = (items: unknown) => ({ type: 'array', items });
const document = (paths: Tree, more: Tree = {}) => ({
  openapi: '3.0.3',
  info: { title: 't', version: '1' },
  servers: [{ url: 'https://api.test/v1/' }],
  paths,
  ...more,
});
/** A document with one operation. */
const one = (operation: Tree, more: Tree = {}, path = '/items') =>
  document({ [path]: { get: { operationId: 'listItems', ...answer(listOf(item)), ...operation } } }, more);

interface Options {
  readonly operation?: string;
  readonly param?: string[];
  readonly server?: string;
  readonly address?: string | null;
}

/** A proposed source, and its notes. */
function proposed(root: unknown, { operation, param = [], server, address = null }: Options = {}) {
  const api = new ApiDocument(typeof root === 'string' ? root : JSON.stringify(root), address);
  const options = { name: undefined, server, hasAuth: false };
  const { name, keys, proposal, notes } = proposeOperation(
    api,
    findOperation(api, operation),
    new GivenValues(param),
    options,
  );
  const { paginator = null, type: _, ...rest } = proposal.source;
  const paging = pagingOf(keys, paginator);
  const request = { ...keys, params: paging.params, body: paging.body ?? keys.body };
  const source: Tree = { name, ...sourceKeys(request, false), ...rest };
  return { ...source, ...(paging.paginator === null ? {} : { paginator: paging.paginator }), notes } as Tree & {
    notes: string[];
  };
}

describe('an operation becomes a source', () => {
  test('of OpenAPI 3, as JSON and as YAML', () => {
    const root = one({});
    const expected = {
      name: 'list-items',
      url: 'https://api.test/v1/items',
      id: 'id',
      occurred_at: 'created_at',
      notes: [],
    };
    expect(proposed(root)).toEqual(expected);
    expect(proposed(stringify(root))).toEqual(expected);
  });

  test('of Swagger 2.0', () => {
    const root = {
      swagger: '2.0',
      host: 'api.test',
      basePath: '/v2',
      schemes: ['http', 'https'],
      securityDefinitions: { key: { type: 'apiKey', in: 'query', name: 'api_key' } },
      security: [{ key: [] }],
      paths: {
        '/pets/{kind}': {
          parameters: [{ name: 'kind', in: 'path', required: true, type: 'string' }],
          get: {
            parameters: [
              { name: 'limit', in: 'query', type: 'integer', maximum: 50 },
              { name: 'offset', in: 'query', type: 'integer' },
            ],
            responses: { 200: { schema: { type: 'array', items: { $ref: '#/definitions/Pet' } } } },
          },
        },
      },
      definitions: { Pet: item },
    };
    expect(proposed(root, { param: ['kind=cats'] })).toMatchObject({
      name: 'pets',
      url: 'https://api.test/v2/pets/cats',
      params: { api_key: '${env:PETS_API_KEY}' },
      paginator: { type: 'offset', limit: 50 },
      id: 'id',
    });
  });

  test.each<[what: string, schema: unknown, expected: Tree]>([
    ['a list under a name', { properties: { data: listOf(item), errors: listOf(item) } }, { records: 'data' }],
    [
      'a list that is composed',
      { allOf: [{ properties: { total: { type: 'integer' } } }, { properties: { items: listOf(item) } }] },
      { records: 'items' },
    ],
    [
      'one of several answers',
      { oneOf: [{ properties: { results: listOf(item) } }, { type: 'string' }] },
      { records: 'results' },
    ],
    [
      'types of OpenAPI 3.1',
      {
        type: ['object', 'null'],
        properties: { rows: { type: ['array', 'null'], items: { ...item, type: ['object'] } } },
      },
      { records: 'rows' },
    ],
    [
      'times as numbers, and an id of another name',
      listOf({
        properties: { uuid: { type: 'string', format: 'uuid' }, created: { type: 'integer', format: 'unix-time' } },
      }),
      { id: 'uuid', occurred_at: { path: 'created', format: 'epoch_s' } },
    ],
    [
      'a time that may be null after one that may not',
      listOf({
        properties: {
          id: { type: 'string' },
          published_at: { type: 'string', format: 'date-time', nullable: true },
          created_at: { type: 'string', format: 'date-time' },
        },
      }),
      { occurred_at: 'created_at' },
    ],
    [
      'a day',
      listOf({ properties: { id: { type: 'string' }, day: { type: 'string', format: 'date' } } }),
      { occurred_at: 'day' },
    ],
    ['no time', listOf({ properties: { id: { type: 'string' } } }), { occurred_at: { on_missing: 'fetched_at' } }],
    ['a reference to itself', listOf({ $ref: '#/components/schemas/Node' }), { id: 'id' }],
  ])('with %s', (_, schema, expected) => {
    const schemas = {
      Node: {
        properties: {
          id: { type: 'string' },
          parent: { $ref: '#/components/schemas/Node' },
          children: listOf({ $ref: '#/components/schemas/Node' }),
        },
      },
    };
    expect(proposed(one(answer(schema), { components: { schemas } }))).toMatchObject(expected);
  });

  test('with an example instead of a schema', () => {
    const content = { 'application/json': { example: { hits: [{ key: 'a', at: '2026-01-01T00:00:00Z' }] } } };
    expect(proposed(one({ responses: { 200: { content } } }))).toMatchObject({
      records: 'hits',
      id: 'key',
      occurred_at: 'at',
    });
  });

  test.each<[what: string, parameters: Tree[], schema: unknown, expected: unknown]>([
    [
      'pages',
      [query('page', { type: 'integer' }), query('per_page', { type: 'integer', maximum: 200 })],
      listOf(item),
      { params: { per_page: 200 }, paginator: { type: 'page_number' } },
    ],
    [
      'pages from 0',
      [query('pageNumber', { type: 'integer', default: 0 })],
      listOf(item),
      { paginator: { type: 'page_number', page_param: 'pageNumber', base_page: 0 } },
    ],
    [
      'pages that are counted',
      [query('page', { type: 'integer' })],
      { properties: { items: listOf(item), total_pages: { type: 'integer' } } },
      { paginator: { type: 'page_number', total_path: 'total_pages' } },
    ],
    [
      'an offset',
      [query('skip', { type: 'integer' }), query('take', { type: 'integer', default: 25 })],
      listOf(item),
      { paginator: { type: 'offset', offset_param: 'skip', limit_param: 'take', limit: 100 } },
    ],
    [
      'a cursor',
      [query('cursor', { type: 'string' }), query('limit', { type: 'integer', maximum: 50 })],
      { properties: { items: listOf(item), next_cursor: { type: 'string', nullable: true } } },
      { params: { limit: 50 }, paginator: { type: 'cursor', cursor_path: 'next_cursor', cursor_param: 'cursor' } },
    ],
    [
      'a token of another name',
      [query('pageToken', { type: 'string' })],
      { properties: { items: listOf(item), nextPageToken: { type: 'string' } } },
      { paginator: { type: 'cursor', cursor_path: 'nextPageToken', cursor_param: 'pageToken' } },
    ],
    [
      'the address of the next page',
      [query('page', { type: 'integer' })],
      { properties: { results: listOf(item), next: { type: 'string', format: 'uri' } } },
      { paginator: { type: 'json_link', next_url_path: 'next' } },
    ],
    [
      'a link of OData',
      [],
      { properties: { value: listOf(item), '@odata.nextLink': { type: 'string' } } },
      { paginator: { type: 'json_link', next_url_path: '"@odata.nextLink"' } },
    ],
  ])('with %s', (_, parameters, schema, expected) => {
    expect(proposed(one({ ...answer(schema), parameters }))).toMatchObject(expected as Tree);
  });

  test('with a header that names the next page', () => {
    const responses = { 200: { headers: { Link: {} }, content: { 'application/json': { schema: listOf(item) } } } };
    expect(proposed(one({ responses, parameters: [query('page', { type: 'integer' })] }))['paginator']).toBe(
      'header_link',
    );
  });

  test('with the parameters that it needs', () => {
    const parameters = [
      query('state', { type: 'string', default: 'open' }, { required: true }),
      query('sort', { type: 'string', default: 'id' }),
      query('tags', { type: 'array' }),
      { name: 'X-Version', in: 'header', required: true, schema: { enum: ['2026-01-01'] } },
      { name: 'Accept', in: 'header', required: true, schema: {} },
    ];
    expect(
      proposed(one({ parameters }, {}, '/of/{owner}/items'), { param: ['owner=a b/c', 'tags=x', 'tags=y', 'other=1'] }),
    ).toMatchObject({
      url: 'https://api.test/v1/of/a%20b%2Fc/items',
      params: { state: 'open', tags: ['x', 'y'] },
      headers: { 'X-Version': '2026-01-01' },
      notes: ['--param other is not used: the operation has no such parameter'],
    });
  });

  test.each<[what: string, security: Tree, expected: Tree]>([
    ['bearer', { type: 'http', scheme: 'bearer' }, { auth: { type: 'bearer', token: '${env:LIST_ITEMS_TOKEN}' } }],
    [
      'basic',
      { type: 'http', scheme: 'Basic' },
      { auth: { type: 'http_basic', username: '${env:LIST_ITEMS_USERNAME}', password: '${env:LIST_ITEMS_PASSWORD}' } },
    ],
    [
      'a key in a header',
      { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      { headers: { 'X-API-Key': '${env:LIST_ITEMS_API_KEY}' } },
    ],
    [
      'a key in a parameter',
      { type: 'apiKey', in: 'query', name: 'key' },
      { params: { key: '${env:LIST_ITEMS_KEY}' } },
    ],
    [
      'a key in a cookie',
      { type: 'apiKey', in: 'cookie', name: 'sid' },
      { headers: { Cookie: 'sid=${env:LIST_ITEMS_SID}' } },
    ],
    [
      'client credentials',
      { type: 'oauth2', flows: { clientCredentials: { tokenUrl: '/token', scopes: {} } } },
      {
        auth: {
          type: 'oauth2_client_credentials',
          token_url: 'https://api.test/token',
          client_id: '${env:LIST_ITEMS_CLIENT_ID}',
          client_secret: '${env:LIST_ITEMS_CLIENT_SECRET}',
          scope: 'read',
        },
      },
    ],
    [
      'a login',
      { type: 'oauth2', flows: { authorizationCode: { tokenUrl: '/token', scopes: {} } } },
      { auth: { type: 'bearer' }, notes: [expect.stringMatching(/asks for a login \(s: authorizationCode\)/)] },
    ],
    [
      'what is not known',
      { type: 'http', scheme: 'digest' },
      { notes: [expect.stringMatching(/asks for http digest/)] },
    ],
  ])('with credentials: %s', (_, scheme, expected) => {
    const more = { components: { securitySchemes: { s: scheme } }, security: [{ s: ['read'] }] };
    expect(proposed(one({}, more))).toMatchObject(expected);
  });

  test('with the way to prove who asks that needs no login', () => {
    const securitySchemes = { login: { type: 'openIdConnect' }, key: { type: 'apiKey', in: 'header', name: 'X-Key' } };
    const more = { components: { securitySchemes }, security: [{ login: [] }, { key: [] }] };
    expect(proposed(one({}, more))['headers']).toEqual({ 'X-Key': '${env:LIST_ITEMS_KEY}' });
    expect(proposed(one({ security: [] }, more))['headers']).toBeUndefined();
  });

  test('that posts', () => {
    const requestBody = {
      content: { 'application/json': { schema: { properties: { size: { type: 'integer', default: 10 } } } } },
    };
    const root = document({ '/search': { post: { operationId: 'search', requestBody, ...answer(listOf(item)) } } });
    expect(proposed(root, { operation: 'search' })).toMatchObject({ method: 'POST', body: { size: 10 } });
  });
});

describe('the address of an API', () => {
  const at = (servers: unknown, options: Options = {}, more: Tree = {}) =>
    proposed(one({}, { servers, ...more }), options)['url'];

  test('is that of the document', () => {
    expect(at([{ url: '/api' }], { address: 'https://docs.test/x/openapi.json' })).toBe('https://docs.test/api/items');
    expect(at([{ url: '../v3' }], { address: 'https://docs.test/x/openapi.json' })).toBe('https://docs.test/v3/items');
    expect(at(undefined, { address: 'https://docs.test/openapi.json' })).toBe('https://docs.test/items');
    expect(
      at([{ url: 'https://{region}.test/{v}', variables: { region: { default: 'eu' }, v: {} } }], { param: ['v=2'] }),
    ).toBe('https://eu.test/2/items');
  });

  test('is that of the user', () => {
    expect(at([{ url: '/api' }], { server: 'https://mine.test/v9/' })).toBe('https://mine.test/v9/items');
  });

  test.each([
    [[{ url: '/api' }], /found the server "\/api", expected an absolute address: add --server/],
    [[{ url: 'https://{region}.test' }], /needs region: add --param region=VALUE/],
    [[{ url: 'ftp://a.test' }], /found a server of ftp:/],
  ])('is missing in %j', (servers, expected) => {
    expect(() => at(servers)).toThrow(expected);
  });
});

describe('an operation is named', () => {
  const root = document({
    '/items': {
      get: { operationId: 'listItems', summary: 'All items', ...answer(listOf(item)) },
      delete: { operationId: 'deleteItems' },
    },
    '/users': { get: answer({ properties: { users: listOf(item) } }) },
    '/users/{id}': { get: { operationId: 'getUser', ...answer(item) } },
  });

  test.each([
    ['listItems', '/items'],
    ['LISTITEMS', '/items'],
    ['GET /users', '/users'],
    ['/users', '/users'],
  ])('as %s', (operation, path) => {
    expect(proposed(root, { operation })['url']).toBe(`https://api.test/v1${path}`);
  });

  test.each<[operation: string | undefined, expected: RegExp]>([
    [
      undefined,
      /Missing --operation, e\.g\. --operation listItems\nOperations that answer with a list:\n {2}listItems {2}GET \/items {2}All items\n {2}GET \/users$/,
    ],
    ['listItem', /found no operation "listItem", did you mean listItems\?\n/],
    ['deleteItems', /found deleteItems, a DELETE, expected a GET or POST/],
    ['getUser', /needs id \(path\): add --param id=VALUE/],
  ])('or the message lists them: %s', (operation, expected) => {
    expect(() => proposed(root, operation === undefined ? {} : { operation })).toThrow(expected);
  });

  test('or is the only one', () => {
    expect(proposed(one({}))['name']).toBe('list-items');
  });

  test('also among many whose schemas refer to each other', () => {
    const name = (n: number) => `S${n % 200}`;
    const linked = (n: number) => ({
      properties: Object.fromEntries(
        [1, 2, 3, 4, 5].map((k) => [`f${k}`, { $ref: `#/components/schemas/${name(n * 7 + k * 13)}` }]),
      ),
    });
    const numbers = [...Array(200).keys()];
    const schemas = Object.fromEntries(numbers.map((n) => [name(n), linked(n)]));
    const paths = Object.fromEntries(
      numbers.map((n) => [`/p${n}`, { get: answer(listOf({ $ref: `#/components/schemas/${name(n)}` })) }]),
    );
    expect(() => proposed(document(paths, { components: { schemas } }))).toThrow(/and 160 more$/);
  });

  test('and has to answer with a list', () => {
    expect(() => proposed(root, { operation: 'getUser', param: ['id=1'] })).toThrow(
      /answers with JSON without a list of objects/,
    );
    const csv = document({ '/c': { get: { operationId: 'c', responses: { 200: { content: { 'text/csv': {} } } } } } });
    expect(() => proposed(csv, { operation: 'c' })).toThrow(
      /c answers with text\/csv, expected a list of JSON objects/,
    );
  });
});

describe('a document that is none is refused', () => {
  test.each([
    ['{"asyncapi":"2.0.0"}', /found keys asyncapi, expected an OpenAPI 3 or Swagger 2\.0 document/],
    ['{"swagger":"1.2"}', /found version 1\.2/],
    ['{"openapi":', /neither JSON nor YAML/],
    ['a: [', /neither JSON nor YAML/],
    ['hello', /found a text that begins "hello"/],
    ['', /expected an OpenAPI 3/],
  ])('%s', (text, expected) => {
    expect(() => new ApiDocument(text, null)).toThrow(expected);
  });

  test('references that lead in a cycle, or to another file, are empty', () => {
    const api = new ApiDocument(JSON.stringify({ openapi: '3.1.0', a: { $ref: '#/b' }, b: { $ref: '#/a' } }), null);
    expect(api.at({ $ref: '#/a' })).toEqual({});
    expect(api.at({ $ref: 'other.yaml#/x' })).toEqual({});
    expect(api.at({ $ref: '#/constructor' })).toEqual({});
  });

  test('aliases that blow it up are refused', () => {
    const lines = Array.from(
      { length: 12 },
      (_, n) =>
        `a${n}: &a${n} [${Array(10)
          .fill(n === 0 ? 'x' : `*a${n - 1}`)
          .join(', ')}]`,
    );
    expect(() => new ApiDocument(['openapi: 3.0.0', ...lines].join('\n'), null)).toThrow(/alias/);
  });
});
