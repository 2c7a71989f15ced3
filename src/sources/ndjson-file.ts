import type { FilePlace } from '../domain/fetch.ts';
import { isTextDeeperThan, parseJson } from '../domain/json.ts';
import type { FilePlan } from '../domain/source.ts';
import type { FileProgress, SourceState } from '../domain/state.ts';
import { maxDepth } from './extraction/extract-record.ts';
import { LineReader, type Line } from './files/line-reader.ts';
import { fileError, inspectFile, openContent } from './files/open-file.ts';
import type { OpenReaders } from './files/open-readers.ts';
import type { FetchContext, Page, PageItem } from './page.ts';

/** Lines and bytes that are read at a time. */
const pageLines = 1_000;
const pageBytes = 2 * 1024 * 1024;

export interface FileToRead {
  readonly plan: FilePlan;
  /** Absolute path. */
  readonly path: string;
  /** Key under which the reader stays open between fetches. */
  readonly run: string;
}

/**
 * Where a run begins: where the last one ended, or at the start where the file shrank or begins otherwise. Null where
 * there is nothing new.
 */
export async function firstFilePlace(file: FileToRead, state: SourceState): Promise<FilePlace | null> {
  const known = state.file;
  const facts = await inspectFile(file.plan.name, file.path);
  const sameFile = known !== null && facts.size >= known.size && (await beginsAsBefore(file, known));
  const unchanged = sameFile && known.complete && facts.size === known.size;
  if (unchanged && !known.waitsForNewline) return null;
  const { offset, lines } = sameFile ? known : { offset: 0, lines: 0 };
  return { type: 'file', offset, lines, ...facts, stoodStill: unchanged };
}

async function beginsAsBefore(file: FileToRead, known: FileProgress): Promise<boolean> {
  const { headHash } = await inspectFile(file.plan.name, file.path, known.headBytes);
  return headHash === known.headHash;
}

/** Reads a file of JSON lines from a place on, to the end that it had when the run began. */
export async function* readNdjsonPages(
  file: FileToRead,
  from: FilePlace,
  readers: OpenReaders,
  context: FetchContext,
): AsyncGenerator<Page> {
  const reader = (await readers.take(file.run, from.offset)) ?? openReader(file, from);
  let next: FilePlace | null = null;
  try {
    for (let place: FilePlace | null = from; place !== null; place = next) {
      next = null;
      context.signal.throwIfAborted();
      const page = await readPage(file, reader, place);
      next = page.next;
      context.onProgress({ offset: reader.offset });
      yield page;
    }
  } finally {
    if (next === null) await reader.close();
    else readers.keep(file.run, reader);
  }
}

function openReader({ plan, path }: FileToRead, { offset, size }: FilePlace): LineReader {
  return new LineReader(openContent(path, plan.compression, offset, size), offset, plan.limits.maxRecordBytes);
}

interface FilePage extends Page {
  readonly next: FilePlace | null;
}

async function readPage(file: FileToRead, reader: LineReader, place: FilePlace): Promise<FilePage> {
  let lines: Line[];
  try {
    lines = await reader.read(pageLines, pageBytes);
  } catch (error) {
    throw fileError(file.plan.name, file.path, error);
  }
  const items: PageItem[] = [];
  let readTo = place;
  let waitsForNewline = false;
  for (const line of lines) {
    const item = readLine(line, readTo.lines + 1, file.plan.limits.maxRecordBytes);
    if (!line.finished && !isObject(item) && !place.stoodStill) {
      waitsForNewline = item !== null;
      break;
    }
    // A line that has no newline yet is counted once it has: what follows its text is still that line.
    readTo = { ...readTo, offset: line.end, lines: readTo.lines + (line.finished ? 1 : 0) };
    if (item) items.push(item);
  }
  const ended = lines.length === 0 || lines.at(-1)?.finished === false;
  const { type: _, stoodStill: __, ...progress } = readTo;
  const patch = { file: { ...progress, complete: ended, waitsForNewline } };
  // A file that was read before and brings no further record is not empty.
  const nothingNew = ended && items.length === 0 && (place.offset > 0 || waitsForNewline);
  const end = nothingNew ? { end: { notModified: true } } : {};
  return { items, fetchedAt: new Date(), next: ended ? null : readTo, patch, ...end };
}

/** What a line holds; null for a blank one. */
function readLine(line: Line, number: number, maxBytes: number): PageItem | null {
  // Trimming takes a byte order mark away, too.
  const text = line.text.trim();
  if (text === '') return null;
  if (line.tooLong) {
    const message = `line ${number} is ${line.bytes} bytes long, max_record is ${maxBytes}; only its beginning is kept`;
    return { index: number, rejection: { reason: 'too_large', message }, recordText: JSON.stringify(text) };
  }
  try {
    const { value, exact } = parseJson(text);
    return { index: number, raw: { value, exact, text, mayBeDeep: isTextDeeperThan(text, maxDepth) } };
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const message = `line ${number} is not JSON: ${why}`;
    return { index: number, rejection: { reason: 'invalid_json', message }, recordText: JSON.stringify(text) };
  }
}

/** Whether an item is a whole object: text that goes on cannot turn one into another. */
function isObject(item: PageItem | null): boolean {
  return item !== null && 'raw' in item && typeof item.raw.value === 'object' && item.raw.value !== null;
}
