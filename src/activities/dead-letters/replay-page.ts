import { Context } from '@temporalio/activity';
import type { BatchRef, RunRef } from '../../domain/run/batch.ts';
import type { DayRanges } from '../../domain/time/day-set.ts';
import type { KeptRecord, NewDeadLetter } from '../../domain/dead-letters/dead-letter.ts';
import { withMaskKey } from '../../config/secrets/secrets.ts';
import { writeJson } from '../../formats/exact-json.ts';
import type { AcceptedRecord } from '../../domain/run/record.ts';
import type { RejectionReason } from '../../domain/dead-letters/rejection.ts';
import type { ExtractCounts, ReplayPlan } from '../../domain/dead-letters/dead-letter-replay.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { ReplayOutcome } from '../../sources/extraction/replay-dead-letter.ts';
import { openReader } from '../../sources/open-source.ts';
import { spoolRecords } from '../../store/delivery/batches.ts';
import { writeDeadLetters } from '../../store/dead-letters/dead-letters.ts';
import type { StoredDeadLetter } from '../../store/dead-letters/dead-letter-file.ts';
import { queueParents } from '../../store/fan-out/queued-parents.ts';
import { recordReplayed, readReplayPage } from '../../store/dead-letters/replay-plan.ts';
import type { Uses } from '../support/dependencies.ts';
import { logDeadLetters } from './log-dead-letters.ts';
import { redactDeadLetter } from './redact-dead-letter.ts';
import { adapterContext } from '../support/adapter-context.ts';
import { redactorFor, sourceTools, type AdapterAccess, type SecretAccess } from '../support/source-secrets.ts';

export interface ReplayLettersInput {
  readonly run: RunRef;
  readonly plan: SourcePlan;
  readonly letters: ReplayPlan;
  /** Page of the dead letters, from 0. */
  readonly page: number;
  /** Number of the first batch that this page may make. */
  readonly number: number;
  /** Days that the replay has met so far. */
  readonly days: DayRanges;
}

export interface ReplayLettersResult {
  readonly counts: ExtractCounts;
  readonly batches: readonly BatchRef[];
  readonly nextNumber: number;
  readonly days: DayRanges;
  /** Names the note of the dead letters to hide once the batches are settled. */
  readonly taken: string;
}

/**
 * Extracts a page of dead letters again and spools what passes. Those refused for another reason than before become new dead
 * letters; the old ones are hidden with those that pass. Safe to repeat because what it stores is named by its content, and nothing
 * is hidden before the workflow has its result.
 */
export function createReplayLetters(dependencies: SecretAccess & AdapterAccess & Uses<'store'>) {
  return async function replayLetters(input: ReplayLettersInput): Promise<ReplayLettersResult> {
    const { run, plan, number } = input;
    const { store } = dependencies;
    const redact = redactorFor(run.source, dependencies);
    const { signal } = adapterContext();
    const tools = sourceTools(run.source, dependencies);
    const reader = await openReader(withMaskKey(plan, dependencies.lookUp), tools, signal);
    const now = new Date();
    const letters = await readReplayPage(store, run, input.letters, input.page);
    const { outcomes, days } = await reader.replay(letters, input.days, now);
    const sorted = sortDeadLetters(letters, outcomes);
    signal.throwIfAborted();
    const renewed = sorted.renewed.map((letter) => redactDeadLetter({ ...letter, at: now.toISOString() }, redact));
    await writeDeadLetters(store, run, number, '', renewed);
    logDeadLetters(run, number, renewed);
    const batches = await spoolRecords(store, run, number, sorted.accepted, now);
    if (sorted.parents.length > 0) await queueParents(store, run, number, sorted.parents);
    const taken = `taken-${number}-${Context.current().info.attempt}`;
    await recordReplayed(store, run, taken, { at: now.toISOString(), run: run.firstRunId, ids: sorted.taken });
    const { counts } = sorted;
    const nextNumber = number + Math.max(1, batches.length);
    return { counts, batches, nextNumber, days, taken };
  };
}

interface SortedDeadLetters {
  readonly accepted: readonly AcceptedRecord[];
  readonly renewed: readonly NewDeadLetter[];
  readonly taken: readonly string[];
  /** JSON texts of parents to be requested again. */
  readonly parents: readonly string[];
  readonly counts: ExtractCounts;
}

function sortDeadLetters(letters: readonly StoredDeadLetter[], outcomes: readonly ReplayOutcome[]): SortedDeadLetters {
  const accepted: AcceptedRecord[] = [];
  const renewed: NewDeadLetter[] = [];
  const taken: string[] = [];
  const reasons: Partial<Record<RejectionReason, number>> = {};
  const parents: string[] = [];
  let [passed, filtered, refused, unreplayable, queued] = [0, 0, 0, 0, 0];
  for (const [position, letter] of letters.entries()) {
    const outcome = outcomes[position];
    if (!outcome) throw new RangeError(`found ${outcomes.length} outcomes, expected ${letters.length}`);
    if (outcome.kind === 'passed') {
      for (const record of outcome.records) accepted.push(record);
      if (outcome.records.length === 0) filtered++;
      else passed++;
      taken.push(letter.id);
    } else if (outcome.kind === 'queued') {
      queued++;
      if (outcome.parent !== null) parents.push(outcome.parent);
      taken.push(letter.id);
    } else if (outcome.kind === 'unreplayable') unreplayable++;
    else {
      const { reason, message } = outcome.rejection;
      refused++;
      reasons[reason] = (reasons[reason] ?? 0) + 1;
      if (reason === letter.reason) continue;
      const { at, fetchedAt = at, page, index } = letter;
      renewed.push({ reason, message, at, fetchedAt, page, index, ...(outcome.kept ?? keptOf(letter)) });
      taken.push(letter.id);
    }
  }
  const counts = { passed, filtered, refused, unreplayable, reasons, ...(queued > 0 ? { queued } : {}) };
  return { accepted, renewed, taken, parents, counts };
}

function keptOf({ record, shaped, exploded }: StoredDeadLetter): KeptRecord {
  return {
    recordText: writeJson(record, true),
    ...(shaped === undefined ? {} : { shaped }),
    ...(exploded === undefined ? {} : { exploded }),
  };
}
