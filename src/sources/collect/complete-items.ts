import { asKnown } from '../extraction/item-marks.ts';
import type { KnownItem, PageItem } from '../extraction/page.ts';

/**
 * Completes the items that have their own pages, one after the other. An unchanged item of the previous poll is not fetched again.
 * @param known digests of the previous poll; null = none are kept
 */
export async function completeItems(
  items: readonly PageItem[],
  known: ReadonlySet<string> | null,
): Promise<readonly (PageItem | KnownItem)[]> {
  // Most have none, and there are many.
  if (!items.some((item) => 'complete' in item && item.complete)) return items;
  const completed: (PageItem | KnownItem)[] = [];
  for (const item of items) completed.push(await completeItem(item, known));
  return completed;
}

async function completeItem(item: PageItem, known: ReadonlySet<string> | null): Promise<PageItem | KnownItem> {
  if (!('complete' in item) || !item.complete) return item;
  const { index, mark } = item;
  const kept = mark === undefined || known === null ? null : asKnown(index, mark, known);
  if (kept) return kept;
  const completed = await item.complete();
  return 'raw' in completed && mark !== undefined ? { ...completed, mark } : completed;
}
