import type { BatchRef } from '../../domain/run/batch.ts';
import type { SpooledRecord } from '../../domain/run/record.ts';
import { sinks, type Sink } from '../../domain/run/sink.ts';

/** Memory that batches may take together: some of each of a few sources. */
const maxBytes = 64 * 1024 * 1024;
/** What a record takes besides its text. */
const bytesPerRecord = 200;
/** Text with a character beyond Latin-1 takes two bytes for each. */
const bytesPerByte = 2;
/** A first write comes within seconds, or not at all: the run has failed, or another worker continues it. */
const maxAgeMs = 60_000;

interface KeptBatch {
  readonly records: readonly SpooledRecord[];
  readonly bytes: number;
  readonly waiting: Set<Sink>;
  readonly keptMs: number;
}

/**
 * Batches that this process has spooled, for the first write to each sink: reading them back took a tenth of a record's CPU
 * time. The blob in the spool counts: it is durable before a batch is kept here, and whatever comes after the first write, or
 * comes to another worker, reads and checks it. A batch here is what was accepted, even if its blob was damaged or deleted since.
 */
export class RecentBatches {
  /** By what names their content, the oldest first. */
  readonly #kept = new Map<string, KeptBatch>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(limit = maxBytes) {
    this.#maxBytes = limit;
  }

  /** Keeps a batch that is in the spool; the oldest ones make room for it. */
  keep({ hash, bytes: size }: BatchRef, records: readonly SpooledRecord[]): void {
    this.#drop(hash);
    const nowMs = performance.now();
    const bytes = size * bytesPerByte + records.length * bytesPerRecord;
    if (bytes > this.#maxBytes) return;
    this.#kept.set(hash, { records, bytes, waiting: new Set(sinks), keptMs: nowMs });
    this.#bytes += bytes;
    for (const [oldest, { keptMs }] of this.#kept) {
      if (this.#bytes <= this.#maxBytes && nowMs - keptMs < maxAgeMs) return;
      this.#drop(oldest);
    }
  }

  /** The records of a batch, once for each sink; null if they are to be read from the spool. */
  take({ hash }: BatchRef, sink: Sink): readonly SpooledRecord[] | null {
    const batch = this.#kept.get(hash);
    if (batch?.waiting.delete(sink) !== true) return null;
    if (batch.waiting.size === 0) this.#drop(hash);
    return batch.records;
  }

  /** Forgets a batch that no first write will come for. */
  drop({ hash }: BatchRef): void {
    this.#drop(hash);
  }

  #drop(hash: string): void {
    this.#bytes -= this.#kept.get(hash)?.bytes ?? 0;
    this.#kept.delete(hash);
  }
}
