import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { readWindow, type TimeRangeText } from '../../domain/time/backfill-windows.ts';

/** The part of the journal that a workflow reads; null if its input is invalid. */
export function readJournalSelection({
  source = null,
  window = null,
}: {
  readonly source?: string | null;
  readonly window?: TimeRangeText | null;
}): { readonly source: string | null; readonly window: TimeRangeText | null } | null {
  // It may come from a command line.
  const isName = source === null || (typeof source === 'string' && sourceNamePattern.test(source));
  const read = window === null ? null : readWindow(window);
  return isName && (window === null || read !== null) ? { source, window: read } : null;
}
