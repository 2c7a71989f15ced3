import { isJsonObject, parseJson } from '../../formats/exact-json.ts';
import { areDistinct, byIdName, fieldsOf, isIdValue, textOfValue } from './record-fields.ts';

/** Records that are looked at, and bytes of them. */
const maxRecords = 5_000;
const maxBytes = 8 * 1024 * 1024;
const maxKeys = 4;
/** A longer path is not useful. */
const maxPath = 100;

/**
 * Ids that would tell records of a page apart, the likeliest first: fields that each record has and that differ in each,
 * else the id with another field.
 * @param payloads JSON texts
 * @param id the paths that are the id now
 */
export function uniqueKeys(payloads: readonly string[], id: readonly string[]): string[] {
  const records = parsed(payloads);
  const fields = [...fieldsOf(records)].filter(([path, values]) => path.length <= maxPath && values.every(isIdValue));
  const single = fields.filter(([path, values]) => !id.includes(path) && areDistinct(values)).map(([path]) => path);
  if (single.length > 0) return byIdName(single).slice(0, maxKeys);
  const own = fields.filter(([path]) => id.includes(path)).map(([, values]) => values);
  if (own.length !== id.length) return [];
  const together = (values: readonly unknown[]) =>
    areDistinct(
      values.map((value, row) => JSON.stringify([value, ...own.map((column) => column[row])].map(textOfValue))),
    );
  const paired = fields.filter(([path, values]) => !id.includes(path) && together(values)).map(([path]) => path);
  return paired.slice(0, maxKeys).map((path) => `[${[...id, path].join(', ')}]`);
}

/** Different records, as far as they are not too many. */
function parsed(payloads: readonly string[]): Readonly<Record<string, unknown>>[] {
  let bytes = 0;
  const texts = [...new Set(payloads)].slice(0, maxRecords).filter((text) => (bytes += text.length) <= maxBytes);
  return texts.map((text) => parseJson(text).value).filter(isJsonObject);
}
