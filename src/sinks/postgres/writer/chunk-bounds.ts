import type { SpooledRecord } from '../../../domain/run/record.ts';

/** Rows of one statement. */
const maxChunkRows = 1_000;
/** Payload bytes of one statement; a single larger row makes a larger one. */
const maxChunkBytes = 8 * 1024 * 1024;

/** Bounds `[from, to)` of the chunks of a batch: the same for the same batch, so that their tokens are. */
export function chunkBounds(records: readonly SpooledRecord[]): [from: number, to: number][] {
  const bounds: [number, number][] = [];
  let from = 0;
  let bytes = 0;
  for (const [index, record] of records.entries()) {
    const size = Buffer.byteLength(record.payload);
    const full = index - from >= maxChunkRows || bytes + size > maxChunkBytes;
    if (full && index > from) {
      bounds.push([from, index]);
      from = index;
      bytes = 0;
    }
    bytes += size;
  }
  if (records.length > from) bounds.push([from, records.length]);
  return bounds;
}
