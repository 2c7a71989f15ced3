import { compileFinder } from '../../domain/expression.ts';
import { parseJson } from '../../domain/json.ts';
import { recordId, type IdResult } from '../../domain/record-id.ts';
import { noTrace, type Trace } from '../compute/trace.ts';

/** Makes the function that finds the id of a payload that is stored, as runs find it in what they fetch. */
export function createStoredId(id: readonly string[], trace: Trace = noTrace): (payload: string) => IdResult {
  const finders = id.map(compileFinder);
  return (payload) => {
    trace.step('record');
    const { value } = parseJson(payload);
    trace.step('id');
    return recordId(
      finders.map((find) => find(value)),
      id,
    );
  };
}
