import type { OpenReader, RecordReader } from './record-reader.ts';

/** How long an unused reader stays open. */
const idleMs = 120_000;

interface Kept<R> {
  readonly reader: R;
  readonly idle: NodeJS.Timeout;
}

/** Readers that stay open between the batches of a run, so that a compressed file is decoded once and not once a batch. */
export class OpenReaders<R extends OpenReader = RecordReader> {
  readonly #readers = new Map<string, Kept<R>>();

  /**
   * Takes a reader out, moved on to the offset: another worker may have continued reading in the meantime. A reader that is further
   * ahead is closed.
   * @param key names the run, and the file that it reads
   */
  async take(key: string, offset: number): Promise<R | null> {
    const open = this.#readers.get(key);
    if (!open) return null;
    clearTimeout(open.idle);
    this.#readers.delete(key);
    if (open.reader.offset <= offset) {
      await open.reader.skipTo(offset);
      return open.reader;
    }
    void open.reader.close();
    return null;
  }

  keep(key: string, reader: R): void {
    const before = this.#readers.get(key);
    if (before) {
      clearTimeout(before.idle);
      void before.reader.close();
    }
    const idle = setTimeout(() => {
      this.#readers.delete(key);
      void reader.close();
    }, idleMs);
    idle.unref();
    this.#readers.set(key, { reader, idle });
  }

  async closeAll(): Promise<void> {
    const open = [...this.#readers.values()];
    this.#readers.clear();
    for (const { idle } of open) clearTimeout(idle);
    await Promise.all(open.map(({ reader }) => reader.close()));
  }
}
