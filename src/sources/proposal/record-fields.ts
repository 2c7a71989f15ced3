import { ExactNumber, isJsonObject } from '../../formats/exact-json.ts';

export type JsonObject = Readonly<Record<string, unknown>>;

/** How deep a field is looked for in a record. */
const maxFieldDepth = 3;

/** Values of the fields that records have in common, by JMESPath. */
export function fieldsOf(records: readonly JsonObject[]): ReadonlyMap<string, readonly unknown[]> {
  return new Map([...allFields(records)].filter(([, values]) => values.length === records.length));
}

/** Values of all fields that records have, by JMESPath; some lack some. */
export function allFields(records: readonly JsonObject[]): ReadonlyMap<string, readonly unknown[]> {
  const fields = new Map<string, unknown[]>();
  for (const record of records) collectFields(record, '', 0, fields);
  return fields;
}

function collectFields(value: JsonObject, prefix: string, depth: number, fields: Map<string, unknown[]>): void {
  for (const [key, member] of Object.entries(value)) {
    const path = prefix + quoted(key);
    if (isJsonObject(member) && depth < maxFieldDepth) collectFields(member, `${path}.`, depth + 1, fields);
    else if (member !== null && !Array.isArray(member)) {
      const values = fields.get(path);
      if (values) values.push(member);
      else fields.set(path, [member]);
    }
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

/** Whether a field is called like an id. */
export function isIdName(path: string): boolean {
  return rankOf(path) < idNames.length;
}

/** Paths of fields, those that are called like an id first; of two alike the one nearer to the root. */
export function byIdName(paths: readonly string[]): string[] {
  const depth = (path: string) => path.split('.').length;
  return [...paths].sort((a, b) => rankOf(a) - rankOf(b) || depth(a) - depth(b));
}

function rankOf(path: string): number {
  const rank = idNames.findIndex((name) => name.test(lastPart(path)));
  return rank === -1 ? idNames.length : rank;
}

export function isIdValue(value: unknown): boolean {
  if (typeof value === 'string') return value !== '' && value.length <= 1_024;
  return typeof value === 'number' || value instanceof ExactNumber;
}

export function areDistinct(values: readonly unknown[]): boolean {
  return new Set(values.map(textOfValue)).size === values.length;
}

/** A number with all its digits. */
export function textOfValue(value: unknown): string {
  return value instanceof ExactNumber ? value.text : String(value);
}

export function lastPart(path: string): string {
  return path.split('.').at(-1)?.replaceAll('"', '') ?? path;
}

/** A key as JMESPath wants it. */
export function quoted(key: string): string {
  return /^[A-Za-z_][A-Za-z0-9_]*$/.test(key) ? key : JSON.stringify(key);
}
