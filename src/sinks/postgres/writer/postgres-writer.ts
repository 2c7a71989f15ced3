import type { Pool } from 'pg';
import type { Day } from '../../../domain/time/day.ts';
import { withTimeout } from '../../../formats/timeout.ts';
import type { SpooledRecord } from '../../../domain/run/record.ts';
import type { StorageWriter } from '../../storage-writer.ts';
import { BatchWrite } from './batch-write.ts';
import { withConnection } from '../connection/connection.ts';
import { chunkStatement, probeStatement } from './insert-chunk.ts';
import { createPartitions } from '../days/partitions.ts';
import { postgresFailure } from '../connection/postgres-failure.ts';
import { SlowChunks } from './slow-chunks.ts';

export interface PostgresWriterOptions {
  readonly pool: Pool;
  readonly schema: string;
  readonly prepare: boolean;
}

/** How long the server may take to answer. */
const probeMs = 2_000;

/** Stores batches in `raw_events`, each key once, chunk by chunk in statements that may be repeated. */
export function createPostgresWriter({ pool, schema, prepare }: PostgresWriterOptions): StorageWriter {
  const partitions = createPartitions(pool, schema);
  const statement = chunkStatement(schema, prepare);
  const probe = probeStatement(schema);
  const slow = new SlowChunks();
  return {
    sink: 'postgres',
    async probe() {
      try {
        await withTimeout(
          probeMs,
          withConnection(pool, async (client) => client.query(probe)),
        );
      } catch (error) {
        throw postgresFailure(error, 'PostgreSQL accepts nothing');
      }
    },
    async write(batch, records, context) {
      const what = `batch ${batch.number} of ${batch.source} could not be stored`;
      try {
        const days = await partitions.ensure(records.map(dayOf));
        const tools = { pool, statement, partitions, slow, context };
        return await new BatchWrite({ ...tools, batch, records, days }).run();
      } catch (error) {
        if (context.signal.aborted) throw error;
        throw postgresFailure(error, what);
      }
    },
  };
}

function dayOf(record: SpooledRecord): Day {
  return record.occurredAt.slice(0, 10);
}
