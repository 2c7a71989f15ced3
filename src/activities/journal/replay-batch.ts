import { createHash } from 'node:crypto';
import type { BatchRef } from '../../domain/run/batch.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';
import type { JournalRow } from '../../store/journal/read-journal.ts';

/** Records of one source on their way from the journal to PostgreSQL. */
export interface ReplayBatch {
  readonly batch: BatchRef;
  readonly records: readonly SpooledRecord[];
}

/** The replay. */
export interface ReplayRun {
  readonly workflowId: string;
  readonly firstRunId: string;
}

/**
 * Builds batches of rows, one per source. The same rows at the same position of the same replay give the same batch: a repeated
 * attempt finds by its token what it has already stored.
 * @param place of the rows: counts up within the replay of a file
 */
export function replayBatches(run: ReplayRun, rows: readonly JournalRow[], file: string, place: number): ReplayBatch[] {
  const bySource = new Map<string, SpooledRecord[]>();
  for (const { source, sourceId, occurredAt, payload } of rows) {
    const records = bySource.get(source) ?? [];
    if (records.length === 0) bySource.set(source, records);
    records.push({ sourceId, occurredAt, payload: onOneLine(payload) });
  }
  return [...bySource].map(([source, records]) => {
    const hash = createHash('sha256').update(`${file}\n${place}\n`);
    let bytes = 0;
    for (const { sourceId, occurredAt, payload } of records) {
      hash.update(`${sourceId}\n${occurredAt}\n${payload}\n`);
      bytes += payload.length;
    }
    const batch: BatchRef = {
      ...run,
      source,
      number: place,
      hash: hash.digest('hex'),
      records: records.length,
      bytes,
      ingestedAt: new Date().toISOString(),
    };
    return { batch, records };
  });
}

/** In JSON a line break occurs between values only; the writer's payloads have none. */
function onOneLine(payload: string): string {
  return /[\r\n]/.test(payload) ? payload.replaceAll(/[\r\n]/g, ' ') : payload;
}
