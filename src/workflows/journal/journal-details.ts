import { detailsTable } from '../../domain/run/receipt-table.ts';
import { markdownText } from '../../domain/text/markdown-text.ts';
import type { TimeRangeText } from '../../domain/time/backfill-windows.ts';
import { pauseNote } from '../support/pause.ts';
import type { Pause } from '../../domain/run/pause.ts';

/** What the Web UI shows of a workflow that reads the journal: what was chosen, how far it is, and its pause. */
export function journalDetails(
  { source, window }: { readonly source: string | null; readonly window: TimeRangeText | null },
  rows: readonly (readonly [string, string])[],
  pause: Pause | null,
): string {
  const table = detailsTable([
    ['source', source ?? 'all'],
    ['occurred_at', window === null ? 'any' : `${window.from} to ${window.to}`],
    ...rows,
  ]);
  return pause === null ? table : `${markdownText(pauseNote(pause))}\n\n${table}`;
}
