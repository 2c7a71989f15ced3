import { Context } from '@temporalio/activity';
import type { BatchRef } from '../../domain/run/batch.ts';
import { addCounts, noCounts, sumCounts, type SinkCounts, type Tally } from '../../domain/run/receipt.ts';
import { verdictOf } from '../../domain/run/run-verdict.ts';
import type { Sink } from '../../domain/run/sink.ts';
import { endPoll, isLate, type EndedPoll, type EndedRun } from './end-poll.ts';
import type { createFinishRun } from './finish-run.ts';
import type { createWriteBatches, WriteBatchesResult } from './write-batches.ts';

export interface WriteAndFinishInput {
  readonly source: string;
  /** All that the run has fetched. */
  readonly batches: readonly BatchRef[];
  readonly poll: EndedPoll;
  /** What was fetched; of the sinks nothing is counted yet. */
  readonly fetched: Tally;
}

export interface WriteAndFinishResult {
  readonly tried: WriteBatchesResult;
  /** Both sinks have settled everything: the run is over, and its receipt stored. */
  readonly ended?: EndedRun;
}

/** The other activities, which do the parts. */
interface Steps {
  readonly writeBatches: ReturnType<typeof createWriteBatches>;
  readonly finishRun: ReturnType<typeof createFinishRun>;
}

/**
 * Tries once to write all batches of a poll that is over, and ends its run where both sinks have settled them. Else the run continues
 * with the activities of each step. Safe to repeat because these are, and because the workflow knows the batches.
 */
export function createWriteAndFinish({ writeBatches, finishRun }: Steps) {
  return async function writeAndFinish(input: WriteAndFinishInput): Promise<WriteAndFinishResult> {
    const { source, batches, poll, fetched } = input;
    const { cancellationSignal } = Context.current();
    const startedMs = performance.now();
    const tried = await writeBatches({ source, batches });
    const csv = countsOf('csv', batches, tried);
    const postgres = countsOf('postgres', batches, tried);
    if (!csv || !postgres || isLate(startedMs)) return { tried };
    const { plan, end, window } = poll;
    const tally = { ...fetched, csv, postgres, batches: batches.length };
    if (verdictOf(source, { plan, tally, end, isWindow: window !== null })) return { tried };
    try {
      return { tried, ended: await endPoll(finishRun, poll, tally, batches, startedMs) };
    } catch {
      cancellationSignal.throwIfAborted();
      // The last step has an activity of its own, with its own retries.
      return { tried };
    }
  };
}

/** The counts of a sink over all batches; null where it has not settled each of them exactly. */
function countsOf(sink: Sink, batches: readonly BatchRef[], tried: WriteBatchesResult): SinkCounts | null {
  let total = noCounts;
  for (const [index, batch] of batches.entries()) {
    const write = tried[index]?.[sink];
    if (!write || !('counts' in write) || sumCounts(write.counts) !== batch.records) return null;
    total = addCounts(total, write.counts);
  }
  return total;
}
