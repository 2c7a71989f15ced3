import type { FilePlace } from '../../domain/fetch.ts';
import { compileExpression } from '../../domain/expression.ts';
import { isTextDeeperThan } from '../../domain/json.ts';
import { maxDepth } from '../extraction/extract-record.ts';
import { refuseManyRecords } from '../json-limits.ts';
import type { PageItem } from '../page.ts';
import { findRecords } from '../pagination/find-records.ts';
import { readJsonDocument, type JsonDocument } from './json-document.ts';
import { stretchBytes, stretchRecords, type FileToRead, type RecordReader, type Stretch } from './record-reader.ts';

/**
 * Reads the records of a JSON file. Where it holds the same as at the place, it goes on there; else it begins at the
 * start. Its offset counts records.
 */
export async function openJson(file: FileToRead, place: FilePlace): Promise<RecordReader> {
  const { plan } = file;
  const document = await readJsonDocument(file);
  const find = compileExpression(plan.records);
  const records = findRecords(`${plan.name}: ${place.path}`, plan.records, find, document.value);
  refuseManyRecords(`file: ${plan.name}: ${place.path}`, records);
  return new JsonReader(document, records, document.contentHash === place.contentHash ? place.lines : 0);
}

class JsonReader implements RecordReader {
  readonly #records: readonly unknown[];
  readonly #exact: boolean;
  readonly #mayBeDeep: boolean;
  readonly #bytes: number;
  readonly #contentHash: string;
  /** Records read at a time, by their average size. */
  readonly #atOnce: number;
  #next: number;

  constructor({ text, bytes, exact, contentHash }: JsonDocument, records: readonly unknown[], next: number) {
    this.#records = records;
    this.#exact = exact;
    this.#mayBeDeep = isTextDeeperThan(text, maxDepth);
    this.#bytes = bytes;
    this.#contentHash = contentHash;
    const average = Math.max(1, text.length / Math.max(1, records.length));
    this.#atOnce = Math.min(stretchRecords, Math.max(1, Math.floor(stretchBytes / average)));
    this.#next = next;
  }

  get offset(): number {
    return this.#next;
  }

  async read(place: FilePlace): Promise<Stretch> {
    const start = this.#next;
    this.#next = Math.min(start + this.#atOnce, this.#records.length);
    const items = this.#records.slice(start, this.#next).map((value, position): PageItem => {
      const raw = { value, exact: this.#exact, mayBeDeep: this.#mayBeDeep };
      return { index: start + position, raw };
    });
    const ended = this.#next >= this.#records.length;
    const nothingNew = ended && items.length === 0 && this.#contentHash === place.contentHash;
    const readTo = { ...place, offset: this.#bytes, lines: this.#next, contentHash: this.#contentHash };
    return { items, readTo, ended, waits: false, nothingNew };
  }

  async skipTo(offset: number): Promise<void> {
    this.#next = offset;
  }

  async close(): Promise<void> {
    // Nothing is held open.
  }
}
