import { nothingSecret } from '../../domain/secrets/redact.ts';
import type { Sink } from '../../domain/run/sink.ts';
import type { StorageWriter } from '../../sinks/storage-writer.ts';
import { anyDeferred } from '../../store/delivery/deferred.ts';
import { adapterContext } from '../support/adapter-context.ts';
import type { Uses } from '../support/dependencies.ts';
import { reasonOf } from '../support/failure.ts';

export interface ProbeSinkInput {
  readonly sink: Sink;
}

export interface ProbeSinkResult {
  /** Whether batches are deferred for the sink. */
  readonly isAwaited: boolean;
  /** Why it accepts nothing; null if it does, or is not asked because nothing is deferred. */
  readonly problem: string | null;
}

/** Checks whether a sink accepts batches, if any wait for it. Safe to repeat because it stores nothing. */
export function createProbeSink(dependencies: Uses<'store' | Sink>) {
  return async function probeSink({ sink }: ProbeSinkInput): Promise<ProbeSinkResult> {
    const { signal } = adapterContext();
    const writer: StorageWriter = dependencies[sink];
    try {
      // The journal is part of the store: if that is unavailable, so is the sink.
      if (!(await anyDeferred(dependencies.store, sink))) return { isAwaited: false, problem: null };
      await writer.probe(signal);
      return { isAwaited: true, problem: null };
    } catch (error) {
      signal.throwIfAborted();
      return { isAwaited: true, problem: reasonOf(error, nothingSecret) };
    }
  };
}
