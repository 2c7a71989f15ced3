import { CancellationScope, setCurrentDetails } from '@temporalio/workflow';
import type { RunRef } from '../../domain/run/batch.ts';
import type { DayRanges } from '../../domain/time/day-set.ts';
import { detailsTable } from '../../domain/run/receipt-table.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import {
  addExtracted,
  emptyReplay,
  replayResult,
  type DeferredBecause,
  type ReplayPlan,
  type ReplayResult,
  type DeadLetterReplayTally,
} from '../../domain/dead-letters/dead-letter-replay.ts';
import type { SourcePlan } from '../../domain/plan/source-plan.ts';
import type { SourceState } from '../../domain/state/source-state.ts';
import { deadLetterActivities, storeActivities } from '../activities.ts';
import { Pipeline } from '../scrape-run/pipeline.ts';
import { workflowFailure } from '../support/failure.ts';

/** What a segment of a replay hands to the next one. No batch is in flight then. */
export interface DeadLetterReplaySnapshot {
  readonly plan: SourcePlan;
  readonly letters: ReplayPlan;
  readonly page: number;
  readonly number: number;
  readonly days: DayRanges;
  readonly tally: DeadLetterReplayTally;
  readonly sinksDown: readonly Sink[];
  readonly deferredBecause: DeferredBecause;
}

/** A replay of dead letters: what is known of it, and its next step. */
export class DeadLetterReplay {
  readonly #run: RunRef;
  #carry: DeadLetterReplaySnapshot;

  constructor(run: RunRef, carry: DeadLetterReplaySnapshot) {
    this.#run = run;
    this.#carry = carry;
    this.#show();
  }

  static begin(plan: SourcePlan, letters: ReplayPlan, state: SourceState): DeadLetterReplaySnapshot {
    return {
      plan,
      letters,
      page: 0,
      number: 0,
      days: [],
      tally: emptyReplay(letters.letters),
      deferredBecause: {},
      sinksDown: sinks.filter((sink) => state.sinkDownSince[sink] !== undefined),
    };
  }

  static nothing(run: RunRef): ReplayResult {
    return replayResult(run.source, emptyReplay(0), run);
  }

  get ended(): boolean {
    return this.#carry.page >= this.#carry.letters.pages;
  }

  carry(): DeadLetterReplaySnapshot {
    return this.#carry;
  }

  result(): ReplayResult {
    return replayResult(this.#run.source, this.#carry.tally, this.#run);
  }

  /**
   * Extracts a page of dead letters, writes what passes, and then hides them.
   * @throws ApplicationFailure if a sink will never accept a batch
   */
  async processPage(): Promise<void> {
    const run = this.#run;
    const { plan, letters, page, number, days } = this.#carry;
    const activities = deadLetterActivities(run.source);
    const taken = await activities.replayLetters({ run, plan, letters, page, number, days });
    // Once something is spooled it is stored, also where the replay is cancelled.
    await CancellationScope.nonCancellable(async () => {
      const { csv, postgres, batches } = this.#carry.tally;
      const pipeline = new Pipeline(run.source, new Set(this.#carry.sinksDown), { csv, postgres, batches });
      for (const batch of taken.batches) await pipeline.add(batch);
      await pipeline.drain();
      if (pipeline.failure) throw workflowFailure(pipeline.failure, this.result());
      await activities.settleReplay({ run, taken: taken.taken, number });
      const settled = pipeline.takeSettled();
      if (settled.length > 0)
        await storeActivities(run.source).releaseBatches({ source: run.source, batches: settled });
      this.#carry = {
        ...this.#carry,
        page: page + 1,
        number: taken.nextNumber,
        days: taken.days,
        tally: {
          ...addExtracted(this.#carry.tally, taken.counts),
          ...pipeline.counts,
        },
        sinksDown: sinks.filter((sink) => isDown(sink, pipeline, this.#carry.sinksDown)),
        deferredBecause: {
          ...this.#carry.deferredBecause,
          ...Object.fromEntries(pipeline.deferredBecause),
        },
      };
    });
    this.#show();
  }

  #show(): void {
    const { source, letters, replayed, written, duplicate, expired, deferred, refused, reasons, unreplayable } =
      this.result();
    const why = Object.entries(reasons).map(([reason, count]) => `${reason} ${count}`);
    setCurrentDetails(
      detailsTable([
        ['source', source],
        ['dead letters', String(letters)],
        ['stored', `${replayed} (${written} new, ${duplicate} already stored, ${expired} for retired days)`],
        ['deferred records', String(deferred)],
        ['still rejected', [String(refused), ...why].join(', ')],
        ['cannot be replayed', String(unreplayable)],
      ]),
    );
  }
}

function isDown(sink: Sink, { sinksUp, sinksDown }: Pipeline, before: readonly Sink[]): boolean {
  return sinksDown.has(sink) || (before.includes(sink) && !sinksUp.has(sink));
}
