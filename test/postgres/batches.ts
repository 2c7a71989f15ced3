import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import type { BatchRef } from '../../src/domain/run/batch.ts';
import type { SpooledRecord } from '../../src/domain/run/record.ts';
import { createPostgresWriter } from '../../src/sinks/postgres/writer/postgres-writer.ts';
import type { WriteContext, WriteResult } from '../../src/sinks/storage-writer.ts';

export const context: WriteContext = { signal: new AbortController().signal, onProgress: () => {} };

/** A record of 2026-11-01 by default. */
export function record(sourceId: string, occurredAt = '2026-11-01', payload = `{"id":"${sourceId}"}`): SpooledRecord {
  const time = occurredAt.length === 10 ? `${occurredAt}T12:00:00.000000Z` : occurredAt;
  return { sourceId, occurredAt: time, payload };
}

/** Records `<prefix>0`, `<prefix>1`, … */
export function records(count: number, prefix = '', day?: string): SpooledRecord[] {
  return Array.from({ length: count }, (_, n) => record(`${prefix}${n}`, day));
}

/** A batch of a run of its own. */
export function batchOf(source: string, content: readonly SpooledRecord[], fields: Partial<BatchRef> = {}): BatchRef {
  const firstRunId = randomUUID();
  return {
    source,
    workflowId: `scrape-${source}`,
    firstRunId,
    number: 0,
    hash: firstRunId.replaceAll('-', ''),
    records: content.length,
    bytes: 0,
    ingestedAt: '2026-11-23T15:38:06.209Z',
    ...fields,
  };
}

/** One attempt at a batch, by a writer that knows nothing of earlier ones. */
export function attempt(pool: Pool, batch: BatchRef, content: readonly SpooledRecord[]): Promise<WriteResult> {
  return createPostgresWriter({ pool, schema: 'public', prepare: true }).write(batch, content, context);
}

/** The error that a promise is rejected with. */
export async function rejection(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    (value) => {
      throw new Error(`succeeded with ${JSON.stringify(value)}, expected a failure`);
    },
    (error: unknown) => error as Error,
  );
}
