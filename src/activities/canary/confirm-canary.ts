import type { BatchRef } from '../../domain/run/batch.ts';
import { BatchGone, CanaryLost } from '../../domain/errors.ts';
import type { Sink } from '../../domain/run/sink.ts';
import { readBatch } from '../../store/delivery/batches.ts';
import { problemOfPart } from '../../store/canary/canary-parts.ts';
import type { Uses } from '../support/dependencies.ts';

export interface ConfirmCanaryInput {
  readonly batch: BatchRef;
  readonly sink: Sink;
}

/** Reads the record of a canary back from a sink, and compares it. Safe to repeat because it only reads. */
export function createConfirmCanary({ store, journal, canaryRows }: Uses<'store' | 'journal' | 'canaryRows'>) {
  return async function confirmCanary({ batch, sink }: ConfirmCanaryInput): Promise<void> {
    const [record] = await readBatch(store, batch);
    if (!record) throw new BatchGone('spool: the batch of the canary has no record');
    const problem = sink === 'csv' ? await problemOfPart(journal, batch, record) : await canaryRows.problemOf(record);
    if (problem !== null) throw new CanaryLost(`canary: ${sink} took the record, but ${problem}`);
  };
}
