import { setTimeout as sleep } from 'node:timers/promises';
import type { BatchRef } from '../../domain/run/batch.ts';
import type { FailedAttempt } from '../../domain/run/failed-attempt.ts';
import type { SinkCounts } from '../../domain/run/receipt.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';
import { adapterContext, type AdapterContext } from '../support/adapter-context.ts';
import type { Uses } from '../support/dependencies.ts';
import { failedAttempt } from '../support/failure.ts';
import { redactorFor } from '../support/source-secrets.ts';
import { readAgain, writeRecords, type WriteTools } from './write-batch.ts';

export interface WriteBatchesInput {
  readonly source: string;
  readonly batches: readonly BatchRef[];
  /** Sinks that are down: what goes to them is deferred. */
  readonly except?: readonly Sink[];
}

/** What came of a batch at a sink. */
export type TriedWrite =
  | { readonly counts: SinkCounts }
  | { readonly failure: FailedAttempt }
  /** It was not tried, or took too long: it is left to an activity of its own. */
  | { readonly slow: true };

/** In the order of the batches. A sink that was not tried is absent. */
export type WriteBatchesResult = readonly Readonly<Partial<Record<Sink, TriedWrite>>>[];

type Tried = Partial<Record<Sink, TriedWrite>>[];

/** A sink that takes longer does not delay the other one. */
const sinkTimeoutMs = 5_000;

const activityTypes: Readonly<Record<Sink, string>> = { csv: 'writeCsv', postgres: 'writePostgres' };

/**
 * Tries once to write batches to both sinks, and says what came of each: what a sink did not accept is written by `writeCsv` and
 * `writePostgres`, with their retries. Safe to repeat because the writers are.
 */
export function createWriteBatches(dependencies: WriteTools & Uses<Sink | 'recentBatches'>) {
  return async function writeBatches({ batches, except = [] }: WriteBatchesInput): Promise<WriteBatchesResult> {
    const context = adapterContext();
    const tried: Tried = batches.map(() => ({}));
    const records = batches.map((batch) => once(() => readAgain(dependencies, batch)));
    const writing = sinks
      .filter((sink) => !except.includes(sink))
      .map((sink) => ({ sink, stop: new AbortController() }))
      .map(({ sink, stop }) => ({
        sink,
        stop,
        done: writeTo(
          dependencies,
          sink,
          { batches, records, tried },
          { ...context, signal: AbortSignal.any([context.signal, stop.signal]) },
        ),
      }));
    await untilSlow(writing.map(({ done }) => done));
    // What a sink that is left alone says from here on has no effect.
    const results = tried.map((entry) => ({ ...entry }));
    for (const { stop, done } of writing) {
      stop.abort(new Error('left to an activity of its own'));
      done.catch(() => undefined);
    }
    context.signal.throwIfAborted();
    return results.map((entry) => withSlow(entry, writing));
  };
}

/** Waits until both sinks are done, or one of them is and the other one is slow. */
async function untilSlow(writing: readonly Promise<void>[]): Promise<void> {
  const over = new AbortController();
  const late = sleep(sinkTimeoutMs, undefined, { signal: over.signal }).then(
    () => Promise.race(writing),
    () => undefined,
  );
  try {
    await Promise.race([Promise.all(writing), late]);
  } finally {
    over.abort();
  }
}

function withSlow(entry: Tried[number], writing: readonly { readonly sink: Sink }[]): Tried[number] {
  return Object.fromEntries(writing.map(({ sink }) => [sink, entry[sink] ?? { slow: true }]));
}

interface Work {
  readonly batches: readonly BatchRef[];
  readonly records: readonly (() => Promise<SpooledRecord[]>)[];
  readonly tried: Tried;
}

/** Writes batches to a sink, one after the other; a sink that does not answer is not asked again. */
async function writeTo(
  dependencies: WriteTools & Uses<Sink | 'recentBatches'>,
  sink: Sink,
  { batches, records, tried }: Work,
  context: AdapterContext,
): Promise<void> {
  for (const [index, batch] of batches.entries()) {
    const entry = tried[index] ?? {};
    const startedMs = performance.now();
    try {
      const read = dependencies.recentBatches.take(batch, sink) ?? (await records[index]?.()) ?? [];
      entry[sink] = { counts: await writeRecords(dependencies, dependencies[sink], batch, read, context) };
    } catch (error) {
      context.signal.throwIfAborted();
      const place = { activityType: activityTypes[sink], startedMs };
      const failure = failedAttempt(error, redactorFor(batch.source, dependencies), place);
      entry[sink] = { failure };
      // What it refuses may be this batch's fault.
      if (failure.type === 'SinkUnavailable') return;
    }
  }
}

/** The result of work that is done when it is first asked for. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => (result ??= work());
}
