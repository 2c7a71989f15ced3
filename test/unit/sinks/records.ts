import type { BatchRef } from '../../../src/domain/run/batch.ts';
import type { SpooledRecord } from '../../../src/domain/run/record.ts';
import type { WriteContext } from '../../../src/sinks/storage-writer.ts';

/** A record of 2026-11-01 by default. */
export function record(sourceId: string, fields: Partial<SpooledRecord> = {}): SpooledRecord {
  return { sourceId, occurredAt: '2026-11-01T00:00:00.000000Z', payload: '{}', ...fields };
}

/** Records `0`, `1`, … */
export function records(count: number): SpooledRecord[] {
  return Array.from({ length: count }, (_, index) => record(String(index)));
}

export function batchOf(content: readonly SpooledRecord[]): BatchRef {
  return {
    source: 'news',
    workflowId: 'scrape-news',
    firstRunId: 'run',
    number: 3,
    hash: '5f2c0a9be1d34477',
    records: content.length,
    bytes: 0,
    ingestedAt: '2026-11-23T15:38:06.209Z',
  };
}

export const context: WriteContext = { signal: new AbortController().signal, onProgress: () => {} };
