import { parseDuration } from '../schema/units.ts';
import { translatedDuration } from './duration-hint.ts';

/** Words that others use for a value, by the key; the last part of its path. */
const words: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  type: {
    basic: 'http_basic',
    basic_auth: 'http_basic',
    http: 'http_basic',
    bearer_token: 'bearer',
    token: 'bearer',
    jwt: 'bearer',
    apikey: 'api_key',
    key: 'api_key',
    header: 'api_key',
    oauth: 'oauth2_client_credentials',
    oauth2: 'oauth2_client_credentials',
    client_credentials: 'oauth2_client_credentials',
    refresh_token: 'oauth2_refresh_token',
    login: 'session',
    form: 'session',
    cookies: 'session',
    api_keys: 'api_key',
    json: 'http_json',
    api: 'http_json',
    rest: 'http_json',
    rest_api: 'http_json',
    gql: 'graphql',
    http_api: 'http_json',
    atom: 'rss',
    feed: 'rss',
    xml: 'rss',
    jsonfeed: 'rss',
    csv: 'file',
    ndjson: 'file',
    jsonl: 'file',
    files: 'file',
    scrape: 'html',
    web: 'html',
    page: 'page_number',
    page_size: 'offset',
    limit_offset: 'offset',
    next: 'json_link',
    next_url: 'json_link',
    link: 'header_link',
    link_header: 'header_link',
    token_cursor: 'cursor',
    none: 'single_page',
    float: 'number',
    int: 'number',
    integer: 'number',
    text: 'string',
    str: 'string',
    datetime: 'date',
    link_url: 'url',
    script: 'module',
    python: 'module',
    javascript: 'module',
    typescript: 'module',
    ts: 'module',
    js: 'module',
  },
  robots: { no: 'ignore', false: 'ignore', off: 'ignore', yes: 'obey', true: 'obey', on: 'obey' },
  overlap: { queue: 'buffer_one', wait: 'buffer_one', cancel: 'cancel_other', parallel: 'allow_all', forbid: 'skip' },
  order: { ascending: 'asc', descending: 'desc', newest_first: 'desc' },
};

/** The value that was probably meant of those that are known, or null. */
export function suggestValue(key: string, found: unknown, known: readonly string[]): string | null {
  if (typeof found !== 'string' && typeof found !== 'boolean') return null;
  const text = String(found)
    .toLowerCase()
    .trim()
    .replaceAll(/[\s-]+/g, '_');
  const word = words[key]?.[text];
  if (word !== undefined && known.includes(word)) return word;
  return known.find((value) => value.toLowerCase() === text) ?? null;
}

/** How keys with an object or a list are written, for values of another type. */
const examples: Readonly<Record<string, string>> = {
  schedule: 'schedule: { every: 5m }',
  headers: 'headers: { Accept: application/json }',
  params: 'params: { state: open }',
  auth: `auth: { type: bearer, token: '\${env:TOKEN}' }`,
  retry: 'retry: { max_attempts: 8 }',
  rate_limit: 'rate_limit: { requests: 2, per: 1s }',
  incremental: 'incremental: { cursor: updated_at, start_param: since }',
  items: 'items: { selector: article }',
  fields: 'fields: { title: { selector: h2 } }',
  detail: 'detail: { url: link, fields: { text: { selector: main } } }',
  csv: "csv: { delimiter: ';' }",
  expect: 'expect: { min_records: 1 }',
  limits: 'limits: { record_cpu: 5s }',
  defaults: 'defaults: { schedule: { every: 5m } }',
  transforms: 'transforms: [{ trim: true }]',
  on_response: 'on_response: [{ status: 404, action: ignore }]',
  end_on: 'end_on: [404]',
  trusted_origins: "trusted_origins: ['https://pages.example.com']",
  schema: 'the path of a JSON Schema: schema: item.schema.json',
  url: 'one address: url: https://api.example.com/items',
  path: 'path: exports/*.csv',
  module: 'module: sources/items.ts',
  id: 'the path of the id in a record: id: id',
  cursor_path: 'cursor_path: meta.next_cursor',
  cursor_param: 'cursor_param: cursor',
  next_url_path: 'next_url_path: links.next',
  limit: 'limit: 100',
  selector: 'selector: article',
  cursor: 'cursor: updated_at',
  username: 'username: me',
  password: "password: '${env:PASSWORD}'",
  api_key: "api_key: '${env:API_KEY}'",
  token: "token: '${env:TOKEN}'",
  login: "login: { url: https://example.com/login, body: { user: me, password: '${env:PASSWORD}' } }",
  expired_when: "expired_when: { body_contains: 'Please sign in' }",
  api_keys: "api_keys: ['${env:KEY_A}', '${env:KEY_B}']",
  tls: 'tls: { cert: client.pem, key: client.key }',
};

/** How a key should be written, given what was found; null if nothing is known. */
export function exampleFor(path: readonly (string | number)[], found: unknown): string | null {
  const key = String(path.at(-1) ?? '');
  const [, element, attribute] = typeof found === 'string' ? (/^([^@]+)@([\w-]+)$/.exec(found) ?? []) : [];
  if (path.at(-2) === 'fields' && element !== undefined) {
    return `${key}: { selector: ${quotedIfNeeded(element)}, attr: ${attribute} }`;
  }
  if (path.at(-2) === 'fields' && typeof found === 'string') return `${key}: { selector: ${quotedIfNeeded(found)} }`;
  if (key === 'schedule' && typeof found === 'string') {
    const every = translatedDuration(found) ?? found;
    if (parseDuration(every) !== null) return `schedule: { every: ${every} }`;
    if (/^(?:\S+\s+){4,6}\S+$|^@/.test(found)) return `schedule: { cron: "${found}" }`;
  }
  // A text that is not shown: the token of a session is an object.
  if (key === 'token' && found === null) return 'token: { path: access_token }';
  if (key === 'items' && typeof found === 'string') return `items: { selector: ${quotedIfNeeded(found)} }`;
  const text = typeof found === 'string' ? quotedIfNeeded(found) : null;
  if (key === 'path' && path.at(-2) === 'explode') return 'path: items';
  if (key === 'explode' && text !== null) return `explode: { path: ${text} }`;
  if ((key === 'drop' || key === 'parent' || /(?:^|_)origins$/.test(key)) && text !== null) return `${key}: [${text}]`;
  if (key === 'map' && found !== undefined) return 'map: { title: user.title }';
  if (key === 'mask' && found !== undefined) return 'mask: { email: redact }';
  if (key === 'variables' && text !== null) return `variables: { name: ${text} }`;
  if (key === 'incremental' && typeof found === 'string') return `incremental: { cursor: ${quotedIfNeeded(found)} }`;
  return Object.hasOwn(examples, key) ? (examples[key] ?? null) : null;
}

/** What a text in place of an object was meant as; null if that is unclear. */
export function missingSpaceIn(text: string): string | null {
  const [, key, sign] = /^([a-z_]+)(:|\s*=\s*)\S/.exec(text) ?? [];
  if (key === undefined) return null;
  return sign === ':' ? `a space after the colon of ${key}:` : `a colon and a space instead of = after ${key}`;
}

function quotedIfNeeded(text: string): string {
  return /^[\w.]+$/.test(text) ? text : `'${text.replaceAll("'", "''")}'`;
}
