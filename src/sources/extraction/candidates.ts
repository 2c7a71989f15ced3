import { proposeTimes } from '../proposal/propose-time.ts';
import { byIdName, fieldsOf, isIdName, isIdValue, type JsonObject } from '../proposal/record-fields.ts';

const maxCandidates = 4;
/** Records of which candidates are named: those that follow mostly lack the same. */
const maxRecords = 3;

/** What the user may have meant with a path without a value, as the end of a message. */
export interface Candidates {
  ids(record: object): string;
  times(record: object): string;
}

export function createCandidates(): Candidates {
  let left = maxRecords;
  const named = (find: (record: JsonObject) => readonly string[]) => (record: object) => {
    if (left <= 0) return '';
    left--;
    const paths = find(record as JsonObject);
    return paths.length === 0 ? '' : `; the record has ${paths.join(', ')}`;
  };
  return { ids: named(idsOf), times: named(timesOf) };
}

function idsOf(record: JsonObject): readonly string[] {
  const paths = [...fieldsOf([record])].flatMap(([path, [value]]) =>
    isIdName(path) && isIdValue(value) ? [path] : [],
  );
  return byIdName(paths).slice(0, maxCandidates);
}

function timesOf(record: JsonObject): readonly string[] {
  return proposeTimes(fieldsOf([record]))
    .slice(0, maxCandidates)
    .map(({ path, format }) => (format === 'iso8601' ? path : `${path} (format: ${format})`));
}
