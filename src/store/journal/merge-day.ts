import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { csvHeader, csvRows } from '../../formats/csv/csv.ts';
import { DamagedFile } from '../../domain/errors.ts';
import { openJournalBytes } from './journal-bytes.ts';
import { withPrefetch, type JournalDay, type JournalFile } from './journal-file.ts';
import { KeySet } from './key-set.ts';
import { readJournal, stopAt, type JournalRow } from './read-journal.ts';

/** Rewrites rows, in the same order. */
export type Rewrite = (rows: readonly JournalRow[]) => Promise<readonly JournalRow[]>;

/** What a merged file holds. */
export interface Merged {
  readonly rows: number;
  /** Of the uncompressed bytes, in hex. */
  readonly sha256: string;
  readonly minOccurredAt: string | null;
  readonly maxOccurredAt: string | null;
  /** Rows that came from the parts. */
  readonly added: number;
  /** Parts whose names do not say what they must hold. */
  readonly unverified: number;
  /** `sha256` of the sealed file that was merged; null if there was none. */
  readonly base: string | null;
}

/** Where a merged day is written to, and read back from. */
export interface MergeTarget {
  /** For messages; its ending says how it is read. */
  readonly name: string;
  /** Compresses a text and writes it. */
  readonly write: (text: Readable, signal: AbortSignal) => Promise<void>;
  readonly stream: JournalFile['stream'];
}

/**
 * Writes the records of a day, those that are sealed already first, each key once, to a new gzipped file, and reads it back.
 * Only the keys are held in memory. Safe to repeat: the same files give the same bytes.
 * @throws DamagedFile if a file cannot be read whole, or what was written does not come back
 */
export async function mergeDay(
  day: JournalDay,
  target: MergeTarget,
  signal: AbortSignal,
  onProgress: (rows: number) => void,
  rewrite: Rewrite | null = null,
): Promise<Merged> {
  const merge = new DayMerge(day, onProgress, rewrite);
  const text = Readable.from(merge.text(), { objectMode: false });
  await target.write(text, signal).finally(() => merge.close());
  const merged = merge.result();
  const readBack = await sha256Of(target, signal);
  if (readBack === merged.sha256) return merged;
  throw new DamagedFile(
    `journal: ${target.name} reads back with sha256 ${readBack}, expected ${merged.sha256}: the disk may be faulty`,
  );
}

class DayMerge {
  readonly #day: JournalDay;
  readonly #onProgress: (rows: number) => void;
  readonly #rewrite: Rewrite | null;
  readonly #keys = new KeySet();
  readonly #hash = createHash('sha256');
  #added = 0;
  #base: string | null = null;
  #min: string | null = null;
  #max: string | null = null;

  constructor(day: JournalDay, onProgress: (rows: number) => void, rewrite: Rewrite | null) {
    this.#day = day;
    this.#onProgress = onProgress;
    this.#rewrite = rewrite;
  }

  /** The text of the merged file, piece by piece. */
  async *text(): AsyncGenerator<Buffer> {
    yield this.#hashed(Buffer.from(csvHeader));
    const { sealed, parts } = this.#day;
    for (const file of withPrefetch(sealed ? [sealed, ...parts] : parts)) {
      for await (const read of readJournal(file, stopAt, (sha256) => this.#noteEnd(file, sha256))) {
        const rows = this.#rewrite ? await this.#rewrite(read) : read;
        const fresh = rows.filter(({ source, sourceId }) => this.#keys.add(source, sourceId));
        if (file.kind === 'part') this.#added += fresh.length;
        for (const row of fresh) this.#widen(row);
        if (fresh.length > 0) yield this.#hashed(csvRows(fresh));
        this.#onProgress(this.#keys.size);
      }
    }
  }

  result(): Merged {
    const bounds = { minOccurredAt: this.#min, maxOccurredAt: this.#max };
    const unverified = this.#day.parts.filter(({ check }) => check === null).length;
    const { size: rows } = this.#keys;
    return { rows, sha256: this.#hash.digest('hex'), ...bounds, added: this.#added, unverified, base: this.#base };
  }

  close(): void {
    this.#keys.close();
  }

  #noteEnd({ kind }: JournalFile, sha256: string): void {
    if (kind === 'sealed') this.#base = sha256;
  }

  #hashed(bytes: Buffer): Buffer {
    this.#hash.update(bytes);
    return bytes;
  }

  /** Canonical times: the order of their text is that of time. */
  #widen({ occurredAt }: JournalRow): void {
    if (this.#min === null || occurredAt < this.#min) this.#min = occurredAt;
    if (this.#max === null || occurredAt > this.#max) this.#max = occurredAt;
  }
}

async function sha256Of(target: MergeTarget, signal: AbortSignal): Promise<string> {
  const bytes = openJournalBytes(target);
  for await (const _ of bytes.stream) signal.throwIfAborted();
  return bytes.sha256();
}
