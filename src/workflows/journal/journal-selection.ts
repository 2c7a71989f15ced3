import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { readWindow, type TimeRangeText } from '../../domain/time/backfill-windows.ts';

/** What of the journal a workflow is meant to go through; null where its input says something else. */
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
