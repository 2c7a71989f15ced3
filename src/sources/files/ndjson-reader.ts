import type { FilePosition } from '../../domain/state/fetch-position.ts';
import type { LineItem, PageItem, RefusedItem } from '../extraction/page.ts';
import { readLine } from '../extraction/read-records.ts';
import { digestsBefore, type BlockDigests } from './block-digests.ts';
import { isGzip } from './compression.ts';
import { LineReader, type Line } from './line-reader.ts';
import { linesIn } from './line-text.ts';
import { beginningOf, openContent } from './open-file.ts';
import {
  positionBehind,
  stretchBytes,
  stretchRecords,
  type FileToRead,
  type RecordReader,
  type Stretch,
} from './record-reader.ts';
import { charsetBytes, charsetOf } from './text-charset.ts';

/** Reads a file of JSON lines. */
export async function openNdjson(file: FileToRead, { offset, size }: FilePosition): Promise<RecordReader> {
  const { plan } = file;
  const { maxRecordBytes } = plan.limits;
  const compressed = await isGzip(plan.name, file);
  const { charset } = charsetOf(await beginningOf(file, compressed, size, charsetBytes), plan.encoding ?? null);
  const digests = await digestsBefore(file, offset, compressed);
  const content = openContent(file, compressed, offset, size, digests);
  const lines = new LineReader(content, offset, maxRecordBytes, linesIn(charset, '\n'));
  return new NdjsonReader(lines, maxRecordBytes, digests);
}

/** Reads JSON lines that are no file. */
export function openNdjsonLines(lines: LineReader, maxRecordBytes: number): RecordReader {
  return new NdjsonReader(lines, maxRecordBytes, null);
}

class NdjsonReader implements RecordReader {
  readonly digests: BlockDigests | null;
  readonly #lines: LineReader;
  readonly #maxBytes: number;

  constructor(lines: LineReader, maxBytes: number, digests: BlockDigests | null) {
    this.digests = digests;
    this.#lines = lines;
    this.#maxBytes = maxBytes;
  }

  get offset(): number {
    return this.#lines.offset;
  }

  async read(place: FilePosition): Promise<Stretch> {
    const lines = await this.#lines.read(stretchRecords, stretchBytes);
    const items: PageItem[] = [];
    let readTo = place;
    // Whole lines behind that place: it is moved once for all of them, because each place is an object.
    let whole = 0;
    let end = place.offset;
    let waits = false;
    const moved = () => (whole === 0 ? readTo : positionBehind(readTo, { end, lines: whole, finished: true }, end));
    for (const line of lines) {
      const item = itemOf(line, place.path, readTo.lines + whole + 1, this.#maxBytes);
      if (line.finished && readTo.openRow === undefined) {
        ({ end } = line);
        whole++;
        if (item) items.push(item);
        continue;
      }
      readTo = moved();
      whole = 0;
      const textEnd = this.#lines.textEndOf(line);
      const wasTaken = readTo.openRow?.textEnd === textEnd;
      const isWhole = line.finished || isObject(item);
      if (!isWhole && !wasTaken && !place.stoodStill) {
        waits = item !== null;
        break;
      }
      readTo = positionBehind(readTo, { end: line.end, lines: line.finished ? 1 : 0, finished: isWhole }, textEnd);
      if (item && !wasTaken) items.push(item);
    }
    readTo = moved();
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

/** What a line is to be read as; null for a blank one. */
function itemOf(line: Line, path: string, index: number, maxBytes: number): LineItem | RefusedItem | null {
  // Trimming takes a byte order mark away, too.
  const text = line.text.trim();
  if (text === '') return null;
  if (line.tooLong) {
    const message = `${path} line ${index} is ${line.bytes} bytes long, max_record is ${maxBytes}; only its beginning was kept`;
    return { index, rejection: { reason: 'too_large', message }, recordText: JSON.stringify(text) };
  }
  return { index, line: text, path };
}

/** Whether an item is a whole object: further text cannot turn it into another. */
function isObject(item: LineItem | RefusedItem | null): boolean {
  if (item === null || !('line' in item)) return false;
  const read = readLine(item);
  return 'raw' in read && typeof read.raw.value === 'object' && read.raw.value !== null;
}
