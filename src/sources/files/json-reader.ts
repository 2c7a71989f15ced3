import type { FilePosition } from '../../domain/state/fetch-position.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { SourceReader } from '../compute/source-reader.ts';
import type { PageItem } from '../extraction/page.ts';
import { readJsonBody, type JsonBody, type ReadJsonFile } from './json-document.ts';
import { stretchBytes, stretchRecords, type FileToRead, type RecordReader, type Stretch } from './record-reader.ts';

/**
 * Reads the records of a JSON file. If its content is the same as at the position, it continues there; else it begins at the start.
 * Its offset counts records.
 */
export async function openJson(file: FileToRead, place: FilePosition, reader: SourceReader): Promise<RecordReader> {
  const document = await readJsonBody(file);
  const read = await reader.readFile({ path: place.path, absolutePath: file.path, body: document.body });
  return new JsonReader(document, read, document.contentHash === place.contentHash ? place.lines : 0);
}

class JsonReader implements RecordReader {
  readonly digests = null;
  readonly #items: readonly PageItem[];
  /** Of the whole file, for its first stretch. */
  readonly #warnings: readonly Warning[];
  readonly #bytes: number;
  readonly #contentHash: string;
  /** Records read at a time, by their average size. */
  readonly #recordsPerRead: number;
  #next: number;

  constructor({ body, contentHash }: JsonBody, { items, warnings }: ReadJsonFile, next: number) {
    this.#items = items;
    this.#warnings = warnings;
    this.#bytes = body.length;
    this.#contentHash = contentHash;
    const average = Math.max(1, body.length / Math.max(1, items.length));
    this.#recordsPerRead = Math.min(stretchRecords, Math.max(1, Math.floor(stretchBytes / average)));
    this.#next = next;
  }

  get offset(): number {
    return this.#next;
  }

  async read(place: FilePosition): Promise<Stretch> {
    const start = this.#next;
    this.#next = Math.min(start + this.#recordsPerRead, this.#items.length);
    const items = this.#items.slice(start, this.#next);
    const ended = this.#next >= this.#items.length;
    const nothingNew = ended && items.length === 0 && this.#contentHash === place.contentHash;
    const readTo = { ...place, offset: this.#bytes, lines: this.#next, contentHash: this.#contentHash };
    return { items, readTo, ended, waits: false, nothingNew, ...(start === 0 ? { warnings: this.#warnings } : {}) };
  }

  async skipTo(offset: number): Promise<void> {
    this.#next = offset;
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}
