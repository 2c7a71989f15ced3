import { detailsTable } from '../../domain/run/receipt-table.ts';
import { markdownText } from '../../domain/text/markdown-text.ts';
import { windowName, type TimeRangeText } from '../../domain/time/backfill-windows.ts';
import type { BackfillProgress } from '../messages.ts';
import { pauseNote } from '../support/pause.ts';
import type { RunFailure } from '../../domain/run/run-failure.ts';

/** Failures that are shown. */
const maxShown = 20;

interface BackfillOutcomes {
  readonly failed: readonly (TimeRangeText & { readonly error: RunFailure })[];
  readonly refused?: readonly RunFailure[];
}

/** The progress of a backfill, as Markdown for the Web UI. */
export function backfillDetails(
  { source, paused, windows, written }: BackfillProgress,
  { failed, refused = [] }: BackfillOutcomes,
): string {
  const table = detailsTable([
    ['source', source],
    ['waiting windows', String(windows.waiting)],
    ['running', windows.running.join(', ') || 'none'],
    ['done', String(windows.done)],
    ['failed', String(windows.failed)],
    ['rows written', String(written)],
  ]);
  const failures = failed
    .slice(0, maxShown)
    .map((window) => `- ${windowName(window)}: ${markdownText(window.error.message)}`);
  return [
    ...(paused ? [markdownText(pauseNote(paused)), ''] : []),
    table,
    ...(failures.length > 0 ? ['', 'Failed windows:', ...failures] : []),
    ...(refused.length > 0
      ? ['', 'Could not be run:', ...refused.map(({ message }) => `- ${markdownText(message)}`)]
      : []),
  ].join('\n');
}
