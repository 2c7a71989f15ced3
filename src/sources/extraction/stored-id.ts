import { compileFinder, isPath } from '../../formats/jmespath/jmespath.ts';
import { parseJson } from '../../formats/exact-json.ts';
import { jsonbValue } from '../../formats/jsonb.ts';
import { recordId, type IdResult } from '../../formats/record-id.ts';
import { noTrace, type Trace } from '../compute/trace.ts';

/**
 * Makes the function that finds the id of a payload that is stored, as runs find it in what they fetch. Where `jsonb`, which
 * keeps neither the order of keys nor exponents, gives another one, there is none: the row in PostgreSQL and the line of the
 * journal would get different ids.
 */
export function createStoredId(id: readonly string[], trace: Trace = noTrace): (payload: string) => IdResult {
  const finders = id.map(compileFinder);
  const keyOrder = !id.every(isPath);
  const idIn = (value: unknown) =>
    recordId(
      finders.map((find) => find(value)),
      id,
    );
  return (payload) => {
    trace.step('record');
    const { value } = parseJson(payload);
    const kept = jsonbValue(payload, keyOrder);
    trace.step('id');
    const found = idIn(value);
    if (!found.ok || kept === null) return found;
    const inRow = idIn(kept.value);
    if (inRow.ok && inRow.id === found.id) return found;
    const message = `id "${id.join(', ')}" depends on the order of keys or on how a number is written, which PostgreSQL does not keep`;
    return { ok: false, rejection: { reason: 'invalid_id', message } };
  };
}
