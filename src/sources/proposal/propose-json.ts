import { isJsonObject } from '../../formats/exact-json.ts';
import { proposePaginator } from '../pagination/propose-paginator.ts';
import { findList } from './find-list.ts';
import { nestedRecords } from './nested-records.ts';
import type { Proposal } from './proposal.ts';
import { proposeTime, type ProposedTime } from './propose-time.ts';
import {
  allFields,
  areDistinct,
  byIdName,
  fieldsOf,
  isIdName,
  isIdValue,
  quoted,
  type JsonObject,
} from './record-fields.ts';

/** Proposes how to read a JSON page; null if it holds no list of objects. */
export function proposeJson(page: unknown, headers: Readonly<Record<string, string>>): Proposal | null {
  const list = findList(page);
  if (!list) return null;
  const nested = nestedRecords(list.items.filter(isJsonObject), list.path);
  const { source, notes } = proposeRecords(nested?.items ?? list.items);
  const paginator = proposePaginator(page, headers);
  return {
    source: {
      ...(nested === null ? (list.path === '@' ? {} : { records: list.path }) : { records: nested.path }),
      ...source,
      ...(paginator === null ? {} : { paginator }),
    },
    notes:
      nested === null ? notes : [`records are those of ${nested.key}, each with the fields of its parent`, ...notes],
  };
}

/** Proposes which fields of records are their id and their time. */
export function proposeRecords(items: readonly unknown[]): Proposal {
  const records = items.filter(isJsonObject);
  const id = proposeId(records);
  const everywhere = proposeTime(fieldsOf(records));
  // A time that most records have is better than none.
  const time =
    everywhere ?? proposeTime(new Map([...allFields(records)].filter(([, { length }]) => length * 2 > records.length)));
  const all = Object.keys(records[0] ?? {}).map(quoted);
  return {
    source: { id: id ?? all, occurred_at: timeKey(time, everywhere !== null) },
    notes: [
      ...(id === null
        ? ['no field identifies a record: all fields together are its id, so an edited record counts as new']
        : []),
      ...(time === null
        ? ['no field has a time: records get the time of the fetch']
        : everywhere === null
          ? [`some records have no ${time.path}: they get the time of the fetch`]
          : []),
    ],
  };
}

function timeKey(time: ProposedTime | null, isEverywhere: boolean): unknown {
  if (time === null) return { on_missing: 'fetched_at' };
  const { path, format } = time;
  const written = format === 'iso8601' ? {} : { format };
  if (isEverywhere) return format === 'iso8601' ? path : { path, ...written };
  return { path, ...written, on_missing: 'fetched_at' };
}

/** The field that is there in every record, differs in each, and is called like an id. */
function proposeId(records: readonly JsonObject[]): string | null {
  const unique = [...fieldsOf(records)].filter(([, values]) => values.every(isIdValue) && areDistinct(values));
  const [best] = byIdName(unique.map(([path]) => path));
  return best !== undefined && isIdName(best) ? best : null;
}
