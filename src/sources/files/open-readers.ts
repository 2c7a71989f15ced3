import type { LineReader } from './line-reader.ts';

/** How long a reader that nobody asks for stays open. */
const idleMs = 120_000;

interface OpenReader {
  readonly reader: LineReader;
  readonly idle: NodeJS.Timeout;
}

/** Readers that stay open between the batches of a run, so that a compressed file is decoded once and not once a batch. */
export class OpenReaders {
  readonly #readers = new Map<string, OpenReader>();

  /**
   * Takes the run's reader out, moved on to the offset: another worker may have read on meanwhile. One that stands further on
   * is closed.
   */
  async take(run: string, offset: number): Promise<LineReader | null> {
    const open = this.#readers.get(run);
    if (!open) return null;
    clearTimeout(open.idle);
    this.#readers.delete(run);
    if (open.reader.offset <= offset) {
      await open.reader.skipTo(offset);
      return open.reader;
    }
    void open.reader.close();
    return null;
  }

  keep(run: string, reader: LineReader): void {
    const before = this.#readers.get(run);
    if (before) {
      clearTimeout(before.idle);
      void before.reader.close();
    }
    const idle = setTimeout(() => {
      this.#readers.delete(run);
      void reader.close();
    }, idleMs);
    idle.unref();
    this.#readers.set(run, { reader, idle });
  }

  async closeAll(): Promise<void> {
    const open = [...this.#readers.values()];
    this.#readers.clear();
    for (const { idle } of open) clearTimeout(idle);
    await Promise.all(open.map(({ reader }) => reader.close()));
  }
}
