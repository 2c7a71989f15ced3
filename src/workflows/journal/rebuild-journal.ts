import {
  ActivityFailure,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { PlannedRebuild } from '../../activities/journal/rebuild-journal.ts';
import {
  addFailure,
  addRebuilt,
  nothingRebuilt,
  type RebuildSelection,
  type RebuildTally,
} from '../../domain/storage/journal-rebuild.ts';
import { rebuildActivities } from '../activities.ts';
import { setSourceAttribute } from '../support/search-attribute.ts';
import { readJournalSelection } from './journal-selection.ts';
import { journalDetails } from './journal-details.ts';
import { rebuildProgressQuery } from '../messages.ts';
import { PauseState } from '../support/pause.ts';
import type { Pause } from '../../domain/run/pause.ts';
import { failureOf, workflowFailure } from '../support/failure.ts';
import { settleRestored } from '../support/settle-restored.ts';

const nothing: RebuildTally = { ...nothingRebuilt, sources: 0, failed: [], failedCount: 0 };

/**
 * Writes rows of PostgreSQL into the CSV journal whose keys it does not have, source by source.
 *
 * Id: `rebuild-journal-<time>`. Accepts the signals `pause` and `resume`, which take effect between two sources. Ends with its
 * counts; fails with them where the journal of a source could not be rebuilt, after all others are done.
 */
export async function rebuildJournal(input: Partial<RebuildSelection> = {}): Promise<RebuildTally> {
  const choice = checkedInput(input);
  let tally = nothing;
  let left = 0;
  // Signals that came first are delivered while the pause state is being created: there is nothing to show yet.
  let show = (): void => {};
  const pause = new PauseState(null, () => show());
  show = () => setCurrentDetails(detailsOf(choice, tally, left, pause.current));
  setHandler(rebuildProgressQuery, () => ({ paused: pause.current, left, tally }));
  const { sources, searchAttribute } = await plan(choice);
  if (searchAttribute && choice.source !== null) setSourceAttribute(choice.source);
  left = sources.length;
  for (const source of sources) {
    show();
    await pause.resumed();
    tally = await rebuild(source, choice, tally);
    left--;
  }
  show();
  const { failed, ...counts } = tally;
  log.info('CSV journal rebuilt', { ...counts });
  if (failed.length > 0) {
    const more = tally.failedCount > 1 ? ` (and ${tally.failedCount - 1} more)` : '';
    throw workflowFailure(
      { type: 'DamagedFile', message: `everything else was rebuilt, but ${failed[0]}${more}` },
      tally,
    );
  }
  if (choice.source === null && choice.window === null) await settleRestored('store');
  return tally;
}

async function rebuild(source: string, { window }: RebuildSelection, tally: RebuildTally): Promise<RebuildTally> {
  try {
    return addRebuilt(tally, await rebuildActivities().rebuildSource({ source, window }));
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    return addFailure(tally, `${source}: ${failureOf(error, 'rebuildSource').message}`);
  }
}

/** A failure of planning is reported unchanged. */
async function plan(choice: RebuildSelection): Promise<PlannedRebuild> {
  try {
    return await rebuildActivities().planRebuild(choice);
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw workflowFailure(failureOf(error, 'planRebuild'));
  }
}

function detailsOf(
  choice: RebuildSelection,
  { sources, rows, written, present, waiting, expired, failedCount }: RebuildTally,
  left: number,
  pause: Pause | null,
): string {
  const details = [
    ['sources done', String(sources)],
    ['sources left', String(left)],
    ...Object.entries({ rows, written, present, waiting, expired }).map(([what, n]) => [what, String(n)] as const),
    ['failures', String(failedCount)],
  ] as const;
  return journalDetails(choice, details, pause);
}

/** The input may come from a command line: anything else fails the workflow at once. */
function checkedInput(input: unknown): RebuildSelection {
  const given = (typeof input === 'object' && input !== null ? input : {}) as Partial<RebuildSelection>;
  const choice = readJournalSelection(given);
  if (choice) return choice;
  throw workflowFailure({
    type: 'InvalidInput',
    message: `rebuildJournal: found input ${JSON.stringify(input)?.slice(0, 500)} in ${workflowInfo().workflowId}, expected {"source": "<name>", "window": {"from": "2026-11-01T00:00:00.000000Z", "to": "2026-11-02T00:00:00.000000Z"}}, each of them optional`,
  });
}
