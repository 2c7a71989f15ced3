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
  timestamp: 'occurred_at',
  time: 'occurred_at',
  date: 'occurred_at',
  published_at: 'occurred_at',
  endpoint: 'url',
  uri: 'url',
  base_url: 'url',
  start_urls: 'url',
  feed_url: 'url',
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
};

/** The key that was probably meant, or null: a neighbour's word for a known key, else the nearest in letters. */
export function suggestKey(unknown: string, known: readonly string[]): string | null {
  const name = unknown.toLowerCase().replaceAll('-', '_');
  const word = Object.hasOwn(neighboursWords, name) ? (neighboursWords[name] ?? '') : '';
  const [first = '', last = first] = word.split('.');
  if (known.includes(first)) return word;
  if (known.includes(last)) return last;
  if (known.length === 0) return null;
  const nearest = closest(unknown.toLowerCase(), [...known]);
  return distance(unknown.toLowerCase(), nearest) <= Math.max(2, Math.floor(unknown.length / 3)) ? nearest : null;
}
