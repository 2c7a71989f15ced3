import { jsonText, outline, unwritable } from '../extraction/extract-record.ts';
import type { PageItem } from '../extraction/page.ts';
import type { Selection } from '../extraction/checked-page.ts';
import type { Trace } from './trace.ts';
import type { WireItem } from './wire-item.ts';

/** Writes the records of a page as JSON text. Items that a selection leaves out are empty. */
export function wireItems(
  items: readonly PageItem[],
  { only, refused }: Pick<Selection, 'only' | 'refused'>,
  trace: Trace,
): WireItem[] {
  const written = items.map((item, position): WireItem => {
    if (!('raw' in item)) return item;
    const { index, raw } = item;
    if (only !== null && only !== position) return { index, text: '{}' };
    trace.record(position);
    trace.step('record');
    const rejection = refused.get(position);
    if (rejection) return { index, rejection, recordText: outline(raw) };
    try {
      return { index, text: jsonText(raw) };
    } catch (error) {
      return { index, rejection: unwritable(error), recordText: outline(raw) };
    }
  });
  trace.record(null);
  return written;
}
