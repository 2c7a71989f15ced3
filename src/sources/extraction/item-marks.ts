import { hash } from 'node:crypto';
import type { KnownItem } from './page.ts';

/**
 * An item whose own page is fetched is known by one mark, whatever its records are. If it became several, or `filter` left some out,
 * that is in further marks: the next poll does not fetch the page again, and counts the same.
 */
export interface ItemMarks {
  /** A mark for each record. */
  readonly valid: readonly string[];
  /** A mark for each record that `filter` left out. */
  readonly filtered: readonly string[];
  /** Marks of the item that belong to none of them. */
  readonly others: readonly string[];
}

export function marksOfItem(mark: string, valid: number, filtered: number): ItemMarks {
  return {
    valid: Array.from({ length: valid }, (_, number) => (number === 0 ? mark : nth(mark, 'valid', number))),
    filtered: Array.from({ length: filtered }, (_, number) => nth(mark, 'filtered', number)),
    others: valid === 0 ? [mark, nth(mark, 'none', 0)] : [],
  };
}

/** The item as a known one; null if it is not. @param known digests of the previous poll */
export function asKnown(index: number, mark: string, known: ReadonlySet<string>): KnownItem | null {
  if (!known.has(mark)) return null;
  const count = (kind: string, from: number) => {
    let number = from;
    while (known.has(nth(mark, kind, number))) number++;
    return number;
  };
  const records = known.has(nth(mark, 'none', 0)) ? 0 : count('valid', 1);
  const filtered = count('filtered', 0);
  return {
    index,
    known: mark,
    ...(records === 1 ? {} : { records }),
    ...(filtered === 0 ? {} : { filtered }),
  };
}

/** The marks that a known item keeps. */
export function marksOfKnown({ known, records = 1, filtered = 0 }: KnownItem): ItemMarks {
  return marksOfItem(known, records, filtered);
}

function nth(mark: string, kind: string, number: number): string {
  return hash('sha256', `${mark}\n${kind} ${number}`, 'base64url').slice(0, 22);
}
