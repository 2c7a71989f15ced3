import type { Warning } from '../../domain/run/warning.ts';
import { isJsonObject, type ParsedJson } from '../../formats/exact-json.ts';
import type { RawRecord } from './extract-record.ts';

/** For records that have a field of that name. */
export const parentReplaced: Pick<Warning, 'code' | 'message'> = {
  code: 'parent_replaced',
  message: 'records have a field `parent` of their own: what is copied from the parent replaces it',
};

/** A record with what is copied from its parent as `parent`; a record that is no object stays as it is. */
export function addParent(
  raw: RawRecord,
  parent: ParsedJson,
): { readonly raw: RawRecord; readonly isReplaced: boolean } {
  const { value, exact, mayBeDeep } = raw;
  if (!isJsonObject(value)) return { raw, isReplaced: false };
  const isReplaced = Object.hasOwn(value, 'parent');
  // Its text no longer says what it holds.
  return {
    raw: { value: { ...value, parent: parent.value }, exact: exact || parent.exact, mayBeDeep },
    isReplaced,
  };
}
