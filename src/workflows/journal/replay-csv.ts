import type { PlannedJournalReplay } from '../../activities/journal/plan-journal-replay.ts';
import {
  ActivityFailure,
  isCancellation,
  log,
  patched,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { addCounts, noCounts } from '../../domain/run/receipt.ts';
import {
  addDamages,
  unitName,
  type JournalSelection,
  type JournalUnit,
  type JournalReplayTally,
} from '../../domain/storage/journal.ts';
import { journalActivities, replayActivities } from '../activities.ts';
import { setSourceAttribute } from '../support/search-attribute.ts';
import { readJournalSelection } from './journal-selection.ts';
import { journalDetails } from './journal-details.ts';
import { journalProgressQuery } from '../messages.ts';
import { PauseState } from '../support/pause.ts';
import type { Pause } from '../../domain/run/pause.ts';
import { failureOf, workflowFailure } from '../support/failure.ts';
import { settleRestored } from '../support/settle-restored.ts';
import { continueUnlessCancelled } from '../support/next-history.ts';

export interface ReplayCsvInput extends Partial<JournalSelection> {
  /** What an earlier segment hands over. */
  readonly carry?: JournalReplaySnapshot;
}

interface JournalReplaySnapshot {
  readonly tally: JournalReplayTally;
  readonly after: JournalUnit | null;
  readonly pause: Pause | null;
}

const nothing: JournalReplayTally = { units: 0, records: 0, postgres: noCounts, damaged: [], damagedCount: 0 };

/**
 * Writes records of the CSV journal, and of archives, into PostgreSQL again: what is already stored is counted as duplicate.
 *
 * Id: `replay-csv-<time>`. Accepts the signals `pause` and `resume`, which take effect between two days. Ends with its counts once
 * everything was read; fails with them where a file was damaged, after all others are done.
 */
export async function replayCsv(input: ReplayCsvInput = {}): Promise<JournalReplayTally> {
  const { choice, carry } = checkedInput(input);
  let { tally, after } = carry;
  let left = 0;
  // Signals that came first are delivered while the pause state is being created: there is nothing to show yet.
  let show = (): void => {};
  const pause = new PauseState(carry.pause, () => show());
  show = () => setCurrentDetails(detailsOf(choice, tally, after, left, pause.current));
  setHandler(journalProgressQuery, () => ({ paused: pause.current, left, tally }));
  for (;;) {
    const { units, more, searchAttribute, leftOut = [] } = await plan(choice, after);
    tally = addDamages(tally, leftOut);
    if (searchAttribute && choice.source !== null && after === null) setSourceAttribute(choice.source);
    left = units.length + more;
    for (const unit of units) {
      show();
      await pause.resumed();
      tally = add(tally, await replayUnit(unit, choice, tally));
      after = unit;
      left--;
    }
    show();
    if (more === 0) {
      const { damaged: _, postgres, ...counts } = tally;
      log.info('CSV journal replayed', { ...counts, ...postgres });
      const result = resultOf(tally);
      // The records that a restored database lacked are back.
      const isWhole = choice.source === null && choice.window === null;
      if (isWhole && patched('replay-settles-restored')) await settleRestored('database');
      return result;
    }
    // A plan of the next units for each segment keeps histories short, however long the journal.
    if (workflowInfo().continueAsNewSuggested || workflowInfo().historyLength > 2_000) {
      await continueUnlessCancelled<typeof replayCsv>({ ...choice, carry: { tally, after, pause: pause.current } });
    }
  }
}

/** @throws ApplicationFailure with what was done before */
async function replayUnit(
  unit: JournalUnit,
  choice: JournalSelection,
  before: JournalReplayTally,
): Promise<JournalReplayTally> {
  try {
    return await replayActivities().replayDay({ unit, choice, firstRunId: workflowInfo().firstExecutionRunId });
  } catch (error) {
    if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
    const failure = failureOf(error, 'replayDay');
    throw workflowFailure({ ...failure, message: `${unitName(unit)}: ${failure.message}` }, before);
  }
}

function add(tally: JournalReplayTally, unit: JournalReplayTally): JournalReplayTally {
  const sum = {
    ...tally,
    units: tally.units + unit.units,
    records: tally.records + unit.records,
    postgres: addCounts(tally.postgres, unit.postgres),
  };
  return addDamages(sum, unit.damaged, unit.damagedCount);
}

/** @throws ApplicationFailure if files were damaged */
function resultOf(tally: JournalReplayTally): JournalReplayTally {
  const { damaged, damagedCount } = tally;
  if (damagedCount === 0) return tally;
  const more = damagedCount > 1 ? ` (and ${damagedCount - 1} more)` : '';
  const message = `everything readable was replayed, but ${damaged[0]}${more}`;
  throw workflowFailure({ type: 'DamagedFile', message }, tally);
}

function detailsOf(
  choice: JournalSelection,
  { units, records, postgres, damagedCount }: JournalReplayTally,
  after: JournalUnit | null,
  left: number,
  pause: Pause | null,
): string {
  const rows = [
    ['archives', choice.archives ? 'yes' : 'no'],
    ['days done', `${units}${after === null ? '' : `, the last ${unitName(after)}`}`],
    ['days left', String(left)],
    ['records', String(records)],
    ...Object.entries(postgres).map(([what, count]) => [what, String(count)] as const),
    ['damages', String(damagedCount)],
  ] as const;
  return journalDetails(choice, rows, pause);
}

/** A failure of planning is reported unchanged. */
async function plan(choice: JournalSelection, after: JournalUnit | null): Promise<PlannedJournalReplay> {
  try {
    return await journalActivities().planJournalReplay({ choice, after });
  } catch (error) {
    if (isCancellation(error)) throw error;
    throw workflowFailure(failureOf(error, 'planJournalReplay'));
  }
}

/** The input may come from a command line: anything else fails the workflow at once. */
function checkedInput(input: unknown): { readonly choice: JournalSelection; readonly carry: JournalReplaySnapshot } {
  const given = (typeof input === 'object' && input !== null ? input : {}) as ReplayCsvInput;
  const { archives = false, carry } = given;
  const choice = readJournalSelection(given);
  const isCarried = carry === undefined || workflowInfo().continuedFromExecutionRunId !== undefined;
  if (choice && typeof archives === 'boolean' && isCarried) {
    return { choice: { ...choice, archives }, carry: carry ?? { tally: nothing, after: null, pause: null } };
  }
  throw workflowFailure({
    type: 'InvalidInput',
    message: `replayCsv: found input ${JSON.stringify(input)?.slice(0, 500)}, expected {"source": "<name>", "window": {"from": "2026-11-01T00:00:00.000000Z", "to": "2026-11-02T00:00:00.000000Z"}, "archives": false}, each of them optional`,
  });
}
