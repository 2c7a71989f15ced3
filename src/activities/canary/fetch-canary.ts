import { version } from '../../config/version.ts';
import type { BatchRef, RunRef } from '../../domain/run/batch.ts';
import { SinkUnavailable } from '../../domain/errors.ts';
import { fetchCanary as fetchRecord } from '../../sources/canary/fetch-canary.ts';
import { spoolRecords } from '../../store/delivery/batches.ts';
import type { Uses } from '../support/dependencies.ts';
import { adapterContext } from '../support/adapter-context.ts';

export interface FetchCanaryInput {
  readonly run: RunRef;
}

export interface FetchedCanary {
  /** Holds the one record; its id is the workflow's. */
  readonly batch: BatchRef;
  /** Whether the workflow may upsert the search attribute. */
  readonly searchAttribute: boolean;
}

/** Fetches the record of a canary and spools it. Safe to repeat because the clean-up deletes all of its batches. */
export function createFetchCanary({ store, searchAttribute }: Uses<'store' | 'searchAttribute'>) {
  return async function fetchCanary({ run }: FetchCanaryInput): Promise<FetchedCanary> {
    const context = adapterContext();
    const record = await fetchRecord({ id: run.workflowId, run: run.firstRunId }, version, context);
    const [batch] = await spoolRecords(store, run, 0, [record], new Date());
    if (!batch) throw new SinkUnavailable('store: the record of the canary was fetched, but no batch was stored');
    return { batch, searchAttribute: searchAttribute() };
  };
}
