import type { FetchPosition, HttpPosition, SavedPosition, StatePatch } from '../../domain/state/fetch-position.ts';
import type { SourceState } from '../../domain/state/source-state.ts';

/**
 * Positions whose secrets are hidden, or put back. All texts of a position that a source gave are here, and nowhere else: what is added
 * to a position is added here.
 */

type Change = (text: string) => string;

export function mapPlace(position: FetchPosition, change: Change): FetchPosition {
  const { place, fanOut } = position;
  const paging = fanOut?.paging;
  const mapped =
    fanOut && paging !== undefined ? { ...position, fanOut: { ...fanOut, paging: change(paging) } } : position;
  if (place.type === 'file') return mapped;
  const others = withOtherPlaces(mapCursor(place, change), change);
  return { ...mapped, place: others.type === 'http' ? withBody(others, change) : others };
}

/** The texts of a position and of a state that may have places for secrets. */
export function carriedTexts(position: FetchPosition | null, state: SourceState): string[] {
  const texts: string[] = [];
  const note: Change = (text) => {
    texts.push(text);
    return text;
  };
  if (position) mapPlace(position, note);
  withPlace(state, note);
  return texts;
}

/** The positions of earlier polls that a poll carries with it. */
function withOtherPlaces<T extends Pick<HttpPosition, 'saved' | 'thenAt'>>(place: T, change: Change): T {
  const mapped = (other: SavedPosition | undefined) => other && mapCursor(other, change);
  const [saved, thenAt] = [mapped(place.saved), mapped(place.thenAt)];
  return { ...place, ...(saved ? { saved } : {}), ...(thenAt ? { thenAt } : {}) };
}

/** The body that is being read: what its headers said. */
function withBody(place: HttpPosition, change: Change): HttpPosition {
  if (!place.body) return place;
  const { link, etag, lastModified } = place.body;
  const changed = (text: string | null) => (text === null ? null : change(text));
  const texts = { link: changed(link), etag: changed(etag), lastModified: changed(lastModified) };
  return { ...place, body: { ...place.body, ...texts } };
}

export function withPlace(state: SourceState, change: Change): SourceState {
  return state.unfinished ? { ...state, unfinished: mapCursor(state.unfinished, change) } : state;
}

/** What a state keeps of a poll. Validators with a secret are not kept: others than fetches read them, too. */
export function hiddenPatch<T extends Pick<StatePatch, 'unfinished' | 'etag' | 'lastModified'>>(
  patch: T,
  hide: Change,
): T {
  const { unfinished, etag, lastModified } = patch;
  const hasSecret = (text: string | null | undefined) => typeof text === 'string' && hide(text) !== text;
  return {
    ...patch,
    ...(unfinished ? { unfinished: mapCursor(unfinished, hide) } : {}),
    ...(hasSecret(etag) ? { etag: null } : {}),
    ...(hasSecret(lastModified) ? { lastModified: null } : {}),
  };
}

/** Changes what a page says of the next one: its cursor, and values that the next request names. */
function mapCursor<T extends Pick<HttpPosition, 'cursor' | 'values'>>(value: T, change: Change): T {
  const { cursor, values } = value;
  const changed = cursor === null ? value : { ...value, cursor: change(cursor) };
  if (!values?.last) return changed;
  const last = Object.entries(values.last).map(([path, text]) => [path, change(text)]);
  return { ...changed, values: { ...values, last: Object.fromEntries(last) } };
}
