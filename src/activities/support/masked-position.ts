import type { FetchPosition, HttpPosition, SavedPosition } from '../../domain/state/fetch-position.ts';
import type { SourceState } from '../../domain/state/source-state.ts';

/** Positions whose secrets are hidden, or put back: the address of a next page may echo one. */

export function mapPlace(position: FetchPosition, change: (text: string) => string): FetchPosition {
  const { place } = position;
  if (place.type === 'file') return position;
  const mapped = withOtherPlaces(mapCursor(place, change), change);
  const link = mapped.type === 'http' && mapped.body ? mapped.body.link : null;
  if (mapped.type !== 'http' || !mapped.body || link === null) return { ...position, place: mapped };
  return { ...position, place: { ...mapped, body: { ...mapped.body, link: change(link) } } };
}

/** The positions of earlier polls that a poll carries with it. */
function withOtherPlaces<T extends Pick<HttpPosition, 'saved' | 'thenAt'>>(
  place: T,
  change: (text: string) => string,
): T {
  const mapped = (other: SavedPosition | undefined) => other && mapCursor(other, change);
  const [saved, thenAt] = [mapped(place.saved), mapped(place.thenAt)];
  return { ...place, ...(saved ? { saved } : {}), ...(thenAt ? { thenAt } : {}) };
}

export function withPlace(state: SourceState, change: (text: string) => string): SourceState {
  return state.unfinished ? { ...state, unfinished: mapCursor(state.unfinished, change) } : state;
}

/** Changes what a page says of the next one: its cursor, and values that the next request names. */
export function mapCursor<T extends Pick<HttpPosition, 'cursor' | 'values'>>(
  value: T,
  change: (text: string) => string,
): T {
  const { cursor, values } = value;
  const changed = cursor === null ? value : { ...value, cursor: change(cursor) };
  if (!values?.last) return changed;
  const last = Object.entries(values.last).map(([path, text]) => [path, change(text)]);
  return { ...changed, values: { ...values, last: Object.fromEntries(last) } };
}
