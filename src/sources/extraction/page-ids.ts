import type { CheckedPage } from './checked-page.ts';

/** How many records the source sent on a page. */
export function receivedOf({ fetched, shaped }: Pick<CheckedPage, 'fetched' | 'shaped'>): number {
  return shaped?.received ?? fetched;
}

/** The ids of a page's records in their order, also of those that `filter` left out; one of these without an id has its mark. */
export function idsInOrder({ valid, shaped }: Pick<CheckedPage, 'valid' | 'shaped'>): string[] {
  const stored = valid.map(({ index, record }) => ({ index, id: record.sourceId }));
  if (!shaped || shaped.filtered.length === 0) return stored.map(({ id }) => id);
  const left = shaped.filtered.map(({ index, id, mark }) => ({ index, id: id ?? mark ?? `filtered ${index}` }));
  return [...stored, ...left].toSorted((a, b) => a.index - b.index).map(({ id }) => id);
}

/** Whether the ids of a page are known: items that were known, and not read again, have none here. */
export function areIdsKnown({ fetched, valid, deadLetters, shaped }: CheckedPage): boolean {
  return fetched === valid.length + deadLetters.length + (shaped?.filtered.length ?? 0);
}
