import { CancelledFailure } from '@temporalio/common';
import type { StorageWriter } from '../../sinks/storage-writer.ts';
import type { WorkerCounters } from './counters.ts';

/** A writer whose attempts are counted. */
export function measuredWriter(writer: StorageWriter, counters: WorkerCounters): StorageWriter {
  const { sink } = writer;
  const failedUnless = (signal: AbortSignal) => {
    if (!isGivenUp(signal)) counters.failed(sink);
  };
  return {
    sink,
    async probe(signal) {
      try {
        await writer.probe(signal);
      } catch (error) {
        // A batch would have been written now: that is an attempt, too. One that goes well is followed by writes.
        counters.attempted(sink);
        failedUnless(signal);
        throw error;
      }
    },
    async write(batch, records, context) {
      counters.attempted(sink);
      const startedMs = performance.now();
      try {
        const result = await writer.write(batch, records, context);
        counters.wrote(sink, performance.now() - startedMs);
        return result;
      } catch (error) {
        failedUnless(context.signal);
        throw error;
      }
    },
  };
}

/** The work was cancelled, or the worker stops; an attempt that took too long has failed. */
function isGivenUp({ aborted, reason }: AbortSignal): boolean {
  return aborted && !(reason instanceof CancelledFailure && reason.message === 'TIMED_OUT');
}
