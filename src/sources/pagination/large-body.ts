import type { FetchPosition } from '../../domain/state/fetch-position.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { CheckedWithDays } from '../extraction/checked-page.ts';
import type { Page } from '../extraction/page.ts';

/** The records of a stretch are not compared with those of other pages: its body is. */
export function ofStretch({ stretch }: Page, checked: CheckedWithDays): CheckedWithDays {
  return stretch ? { ...checked, hash: stretch.hash } : checked;
}

/**
 * Where a poll begins again whose body has changed: at its front, else, where it has none, at the start of the body. From now on bodies
 * are copied before they are read, so that no other change makes it begin again.
 */
export function restarted(position: FetchPosition, front: FetchPosition | null): FetchPosition {
  const from = front ?? position;
  if (from.place.type !== 'http') return from;
  const { body: _body, ...place } = from.place;
  const copied = position.place.type === 'http' && position.place.copied === true ? { copied: true as const } : {};
  return { ...from, place: { ...place, copies: true, ...copied } };
}

export function bodyChanged(reason: string): Warning {
  const message = `a large body changed while it was read (${reason}); the poll began again`;
  return { code: 'body_changed', message, count: 1 };
}
