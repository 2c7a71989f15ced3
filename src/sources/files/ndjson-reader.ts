import type { FilePlace } from '../../domain/fetch.ts';
import { messageOf } from '../../domain/errors.ts';
import { isTextDeeperThan, parseJson } from '../../domain/json.ts';
import { maxDepth } from '../extraction/extract-record.ts';
import type { PageItem } from '../page.ts';
import { isCompressed } from './file-format.ts';
import { LineReader, type Line } from './line-reader.ts';
import { openContent } from './open-file.ts';
import { stretchBytes, stretchRecords, type FileToRead, type RecordReader, type Stretch } from './record-reader.ts';

/** Reads a file of JSON lines. */
export function openNdjson({ plan, path }: FileToRead, { offset, size }: FilePlace): RecordReader {
  const content = openContent(path, isCompressed(path), offset, size);
  return new NdjsonReader(new LineReader(content, offset, plan.limits.maxRecordBytes), plan.limits.maxRecordBytes);
}

class NdjsonReader implements RecordReader {
  readonly #lines: LineReader;
  readonly #maxBytes: number;

  constructor(lines: LineReader, maxBytes: number) {
    this.#lines = lines;
    this.#maxBytes = maxBytes;
  }

  get offset(): number {
    return this.#lines.offset;
  }

  async read(place: FilePlace): Promise<Stretch> {
    const lines = await this.#lines.read(stretchRecords, stretchBytes);
    const items: PageItem[] = [];
    let readTo = place;
    let waits = false;
    for (const line of lines) {
      const item = readLine(line, place.path, readTo.lines + 1, this.#maxBytes);
      if (!line.finished && !isObject(item) && !place.stoodStill) {
        waits = item !== null;
        break;
      }
      // A line that has no newline yet is counted once it has: what follows its text is still that line.
      readTo = { ...readTo, offset: line.end, lines: readTo.lines + (line.finished ? 1 : 0) };
      if (item) items.push(item);
    }
    const ended = lines.length === 0 || lines.at(-1)?.finished === false;
    // A file that was read before and brings no further record is not empty.
    return { items, readTo, ended, waits, nothingNew: ended && items.length === 0 && (place.offset > 0 || waits) };
  }

  skipTo(offset: number): Promise<void> {
    return this.#lines.skipTo(offset);
  }

  close(): Promise<void> {
    return this.#lines.close();
  }
}

/** What a line holds; null for a blank one. */
function readLine(line: Line, path: string, index: number, maxBytes: number): PageItem | null {
  // Trimming takes a byte order mark away, too.
  const text = line.text.trim();
  if (text === '') return null;
  if (line.tooLong) {
    const message = `${path} line ${index} is ${line.bytes} bytes long, max_record is ${maxBytes}; only its beginning is kept`;
    return { index, rejection: { reason: 'too_large', message }, recordText: JSON.stringify(text) };
  }
  try {
    const { value, exact } = parseJson(text);
    return { index, raw: { value, exact, text, mayBeDeep: isTextDeeperThan(text, maxDepth) } };
  } catch (error) {
    const message = `${path} line ${index} is not JSON: ${messageOf(error)}`;
    return { index, rejection: { reason: 'invalid_json', message }, recordText: JSON.stringify(text) };
  }
}

/** Whether an item is a whole object: text that goes on cannot turn one into another. */
function isObject(item: PageItem | null): boolean {
  return item !== null && 'raw' in item && typeof item.raw.value === 'object' && item.raw.value !== null;
}
