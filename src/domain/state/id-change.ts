import { isSameId, type SourceState } from './source-state.ts';
import type { Warning } from '../run/warning.ts';

/**
 * What it means that a source's `id` differs from the one its records were stored by; null if it is the same, or if the earlier one
 * is unknown. A state of an earlier version only shows that something which shapes records changed.
 */
export function idChange(
  source: string,
  stored: Pick<SourceState, 'id' | 'shapeFingerprint'> | null,
  now: { readonly id: readonly string[]; readonly shapeFingerprint: string },
): Warning | null {
  if (stored === null) return null;
  const { id = stored.shapeFingerprint === now.shapeFingerprint ? now.id : null } = stored;
  if (id !== null && isSameId(id, now.id)) return null;
  const changed =
    id === null
      ? 'configuration keys that determine its records have changed since its last run; if `id` has changed, '
      : `id was ${idText(id)} when its records were stored, and is ${idText(now.id)}: `;
  return { code: 'state_changed', message: changed + whatHappens(source), count: 1 };
}

function whatHappens(source: string): string {
  return `everything the source still serves that gets a different id is stored again under new ids; to move the stored records instead, run this before the next run: ./daybook pause ${source}, ./daybook rekey ${source}, ./daybook resume ${source}`;
}

/** The key `id` of a source in a message. */
export function idText(id: readonly string[]): string {
  return id.length === 1 ? `"${id[0]}"` : JSON.stringify(id);
}
