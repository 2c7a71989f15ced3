import { closest, distance } from 'fastest-levenshtein';

/** Words that neighbours of Daybook use for the same thing. */
const neighboursWords: Readonly<Record<string, string>> = {
  data_selector: 'records',
  record_selector: 'records',
  records_path: 'records',
  data_path: 'records',
  items_path: 'records',
  primary_key: 'id',
  key: 'id',
  guid: 'id',
  unique_key: 'id',
  cursor_path: 'incremental.cursor',
  cursor_field: 'incremental.cursor',
  replication_key: 'incremental.cursor',
  start_date: 'incremental.initial_value',
  step: 'incremental.step',
  timestamp: 'occurred_at',
  time: 'occurred_at',
  date: 'occurred_at',
  published_at: 'occurred_at',
  endpoint: 'url',
  uri: 'url',
  base_url: 'url',
  start_urls: 'url',
  feed_url: 'url',
  feed: 'url',
  path: 'url',
  query: 'params',
  query_params: 'params',
  request_params: 'params',
  pagination: 'paginator',
  pages: 'paginator.max_pages',
  interval: 'schedule.every',
  cron: 'schedule.cron',
  every: 'schedule.every',
  frequency: 'schedule.every',
  authentication: 'auth',
  authenticator: 'auth',
  token: 'auth.token',
  user_agent: 'headers.User-Agent',
  file: 'path',
  glob: 'path',
  url: 'path',
  retries: 'retry.max_attempts',
  max_retries: 'retry.max_attempts',
  backoff: 'retry.backoff_coefficient',
  download_delay: 'rate_limit',
  json_schema: 'schema',
  robotstxt_obey: 'robots',
  start: 'base_page',
  start_page: 'base_page',
  start_from_page: 'base_page',
  initial_page: 'base_page',
  page_parameter: 'page_param',
  limit: 'max_pages',
  maximum_page: 'max_pages',
  source: 'sources',
  feeds: 'sources',
  jobs: 'sources',
  tasks: 'sources',
  scrapers: 'sources',
  spiders: 'sources',
  sites: 'sources',
  targets: 'sources',
  created_at: 'occurred_at',
  updated_at: 'occurred_at',
  event_time: 'occurred_at',
  datetime: 'occurred_at',
  date_format: 'occurred_at.format',
  time_format: 'occurred_at.format',
  tz: 'timezone',
  time_zone: 'timezone',
  timezone: 'occurred_at.timezone',
  username: 'auth.username',
  user: 'username',
  password: 'auth.password',
  api_key: 'auth.api_key',
  apikey: 'auth.api_key',
  credentials: 'auth',
  headers_list: 'headers',
  querystring: 'params',
  query_string: 'params',
  qs: 'params',
  delay: 'rate_limit',
  throttle: 'rate_limit',
  max_pages: 'paginator.max_pages',
  next_page: 'paginator',
  next: 'paginator',
  json_path: 'records',
  jsonpath: 'records',
  root: 'records',
  items: 'records',
  data: 'records',
  selector: 'items.selector',
  css: 'selector',
  css_selector: 'selector',
  xpath: 'selector',
  item_selector: 'items.selector',
  attribute: 'attr',
  regex: 'transforms',
  regexp: 'transforms',
  columns: 'csv.header',
  delimiter: 'csv.delimiter',
  separator: 'delimiter',
  sep: 'delimiter',
  charset: 'encoding',
  verb: 'method',
  http_method: 'method',
  payload: 'body',
  param: 'page_param',
  field: 'cursor',
  mapping: 'map',
  transform: 'map',
  rename: 'map',
  select: 'map',
  where: 'filter',
  unnest: 'explode',
  flatten: 'explode',
  exclude: 'drop',
  remove: 'drop',
  hash: 'mask',
  redact: 'mask',
  record_path: 'path',
  meta: 'keep',
  attempts: 'max_attempts',
  minutes: 'every',
  hours: 'every',
  seconds: 'every',
  header: 'name',
};

/** Further words, where the first meaning does not fit the keys that there are. */
const otherWords: Readonly<Record<string, string>> = {
  key: 'api_key',
  param: 'start_param',
  bearer: 'token',
  selector: 'selector',
  delimiter: 'delimiter',
  token: 'token',
  password: 'password',
  username: 'username',
  start: 'initial_value',
};

/** What to do about keys that are somewhere else, or nowhere. */
const advices: readonly (readonly [RegExp, string])[] = [
  [/^(?:description|comment|notes?|tags?|labels?|owner|title)$/, 'expected none: write it as a comment, after #'],
  [
    /^(?:enabled?|disabled?|active|skip)$/,
    'expected none: leave schedule out, or ./daybook pause SOURCE, to keep a source from running',
  ],
  [
    /^(?:postgres(?:ql)?|database|db|temporal|store|storage|data_dir|log_level|logging)$/,
    'expected none: set servers and folders in the environment, see docs/configuration.md',
  ],
  [
    /^(?:outputs?|destinations?|sinks?|targets?|feeds?_export|export)$/,
    'expected none: records are always stored in PostgreSQL and in CSV files',
  ],
  [
    /^(?:fields|extract|columns)$/,
    'expected map, with a JMESPath for each field, such as map: { title: title }; fields are the selectors of html sources',
  ],
  [/^items$/, 'expected none: records is the path of the list'],
  [/^records$/, 'expected none: the items of a feed are its records'],
  [/^default$/, 'expected none: a field that is not found is null'],
  [
    /^(?:per_page|page_size|limit|size|count)$/,
    "expected it among the source's params, such as params: { per_page: 100 }",
  ],
];

/** What to do about an unknown key, as the end of a sentence; null if nothing is known. */
export function adviceFor(key: string): string | null {
  const name = key.toLowerCase().replaceAll('-', '_');
  const advice = advices.find(([pattern]) => pattern.test(name))?.[1];
  if (advice !== undefined) return advice;
  return null;
}

/** The key that was probably meant, or null: a neighbour's word for a known key, else the nearest in letters. */
export function suggestKey(unknown: string, known: readonly string[]): string | null {
  const name = unknown.toLowerCase().replaceAll('-', '_');
  const word = Object.hasOwn(neighboursWords, name) ? (neighboursWords[name] ?? '') : '';
  const [first = '', last = first] = word.split('.');
  if (known.includes(first)) return word;
  if (known.includes(last)) return last;
  if (known.length === 0) return null;
  const other = Object.hasOwn(otherWords, name) ? otherWords[name] : undefined;
  if (other !== undefined && known.includes(other)) return other;
  // The only secret of a bearer.
  if (name === 'key' && known.includes('token')) return 'token';
  if (adviceFor(name) !== null && !known.includes(name)) return null;
  const nearest = closest(unknown.toLowerCase(), [...known]);
  return distance(unknown.toLowerCase(), nearest) <= Math.max(2, Math.floor(unknown.length / 3)) ? nearest : null;
}
