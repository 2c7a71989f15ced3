import { ExactNumber } from '../../domain/json.ts';
import { nextLink } from '../pagination/link-header.ts';
import type { Proposal } from './proposal.ts';
import { proposeTime, type ProposedTime } from './propose-time.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** How deep a list of records is looked for, and a field in a record. */
const maxListDepth = 4;
const maxFieldDepth = 3;

/** Proposes how to read a JSON page; null where it holds no list of objects. */
export function proposeJson(page: unknown, headers: Readonly<Record<string, string>>): Proposal | null {
  const list = findList(page);
  if (!list) return null;
  const { source, notes } = proposeRecords(list.items);
  const paginator = proposePaginator(page, headers);
  return {
    source: {
      ...(list.path === '@' ? {} : { records: list.path }),
      ...source,
      ...(paginator === null ? {} : { paginator }),
    },
    notes,
  };
}

/** Proposes which fields of records are their id and their time. */
export function proposeRecords(items: readonly unknown[]): Proposal {
  const records = items.filter(isObject);
  const id = proposeId(records);
  const time = proposeTime(fieldsOf(records));
  const all = Object.keys(records[0] ?? {}).map(quoted);
  return {
    source: { id: id ?? all, occurred_at: timeKey(time) },
    notes: [
      ...(id === null
        ? ['no field names each record: all fields together are its id, so an edited record is a new one']
        : []),
      ...(time === null ? ['no field holds a time: records get the time of the fetch'] : []),
    ],
  };
}

function timeKey(time: ProposedTime | null): unknown {
  if (time === null) return { on_missing: 'fetched_at' };
  return time.format === 'iso8601' ? time.path : { path: time.path, format: time.format };
}

interface FoundList {
  readonly path: string;
  readonly items: readonly unknown[];
}

/** The longest list of objects, those nearer to the root first. */
function findList(page: unknown, path = '@', depth = 0): FoundList | null {
  if (Array.isArray(page)) return page.some(isObject) ? { path, items: page } : null;
  if (!isObject(page) || depth === maxListDepth) return null;
  const found = Object.entries(page).flatMap(
    ([key, value]) => findList(value, path === '@' ? quoted(key) : `${path}.${quoted(key)}`, depth + 1) ?? [],
  );
  return found.sort((a, b) => b.items.length - a.items.length || a.path.length - b.path.length)[0] ?? null;
}

/** Values of the fields that records have in common, by JMESPath. */
function fieldsOf(records: readonly JsonObject[]): ReadonlyMap<string, readonly unknown[]> {
  const fields = new Map<string, unknown[]>();
  for (const record of records) collectFields(record, '', 0, fields);
  return new Map([...fields].filter(([, values]) => values.length === records.length));
}

function collectFields(value: JsonObject, prefix: string, depth: number, fields: Map<string, unknown[]>): void {
  for (const [key, member] of Object.entries(value)) {
    const path = prefix + quoted(key);
    if (isObject(member) && depth < maxFieldDepth) collectFields(member, `${path}.`, depth + 1, fields);
    else if (member !== null && !Array.isArray(member)) fields.set(path, [...(fields.get(path) ?? []), member]);
  }
}

/** Field names that name records, the surest first. */
const idNames = [
  /^_?id$/i,
  /^(?:uu|gu)id$/i,
  /(?:^|[._-])(?:id|uuid|guid)$/i,
  /[a-z]Id$/,
  /^(?:key|code|slug|url|link|number|no|nr)$/i,
  /id$/i,
];

/** The field that is there in every record, differs in each, and is called like an id. */
function proposeId(records: readonly JsonObject[]): string | null {
  const unique = [...fieldsOf(records)].filter(([, values]) => values.every(isIdValue) && areDistinct(values));
  const byDepth = unique.map(([path]) => path).sort((a, b) => a.split('.').length - b.split('.').length);
  for (const name of idNames) {
    const path = byDepth.find((candidate) => name.test(lastPart(candidate)));
    if (path !== undefined) return path;
  }
  return null;
}

function proposePaginator(page: unknown, headers: Readonly<Record<string, string>>): unknown {
  if (nextLink(headers['link']) !== null) return 'header_link';
  if (!isObject(page)) return null;
  const fields = [...fieldsOf([page])];
  const link = fields.find(
    ([path, [value]]) =>
      /(?:^|[._-])next(?:[._-]?(?:page|url|link|href))*$/i.test(path) &&
      typeof value === 'string' &&
      /^(?:https?:|\/|\?)/.test(value),
  );
  if (link) return { type: 'json_link', next_url_path: link[0] };
  const cursor = fields.find(
    ([path, [value]]) =>
      /cursor|next[._-]?(?:page[._-]?)?token/i.test(path) && typeof value === 'string' && value !== '',
  );
  if (cursor)
    return {
      type: 'cursor',
      cursor_path: cursor[0],
      cursor_param: lastPart(cursor[0]).replace(/^next_?/i, '') || 'cursor',
    };
  const pages = fields.find(
    ([path, [value]]) => /(?:total|num|page)[._-]?(?:pages|count)$|^pages$/i.test(lastPart(path)) && Number(value) > 1,
  );
  return pages && /pages/i.test(pages[0]) ? { type: 'page_number', total_path: pages[0] } : null;
}

function isIdValue(value: unknown): boolean {
  if (typeof value === 'string') return value !== '' && value.length <= 1_024;
  return typeof value === 'number' || value instanceof ExactNumber;
}

function areDistinct(values: readonly unknown[]): boolean {
  return (
    new Set(values.map((value) => (value instanceof ExactNumber ? value.text : String(value)))).size === values.length
  );
}

function lastPart(path: string): string {
  return path.split('.').at(-1)?.replaceAll('"', '') ?? path;
}

/** A key as JMESPath wants it. */
function quoted(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : JSON.stringify(key);
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber);
}
