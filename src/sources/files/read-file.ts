import type { FilePlace } from '../../domain/fetch.ts';
import type { FileProgress } from '../../domain/state.ts';
import type { FetchContext, Page } from '../page.ts';
import { openCsvReader } from './csv-reader.ts';
import { fileError } from './file-error.ts';
import { formatOf } from './file-format.ts';
import { openJson } from './json-reader.ts';
import { openNdjson } from './ndjson-reader.ts';
import type { OpenReaders } from './open-readers.ts';
import { progressAt } from './reading-start.ts';
import type { FileToRead, RecordReader } from './record-reader.ts';

/** A stretch of one file. */
export interface FilePage extends Page {
  readonly next: FilePlace | null;
  readonly patch: { readonly file: FileProgress };
}

/** Reads a file from a place on, to the end that it had when the run reached it. */
export async function* readFilePages(
  file: FileToRead,
  from: FilePlace,
  readers: OpenReaders,
  context: FetchContext,
): AsyncGenerator<FilePage> {
  const { name } = file.plan;
  const key = `${file.run}\n${from.path}`;
  let reader: RecordReader | null = null;
  let next: FilePlace | null = null;
  try {
    reader = (await readers.take(key, positionIn(file, from))) ?? (await openReader(file, from));
    for (let place: FilePlace | null = from; place !== null; place = next) {
      next = null;
      context.signal.throwIfAborted();
      const page = await readPage(reader, place);
      context.onProgress({ path: from.path, offset: reader.offset });
      next = page.next;
      yield page;
    }
  } catch (error) {
    throw context.signal.aborted ? error : fileError(name, file.path, error);
  } finally {
    if (next !== null && reader) readers.keep(key, reader);
    else await reader?.close();
  }
}

/** Where the reader of a file has to stand: that of a JSON document counts records. */
function positionIn(file: FileToRead, place: FilePlace): number {
  return formatOf(file.plan, file.path) === 'json' ? place.lines : place.offset;
}

async function openReader(file: FileToRead, place: FilePlace): Promise<RecordReader> {
  switch (formatOf(file.plan, file.path)) {
    case 'ndjson':
      return openNdjson(file, place);
    case 'json':
      return openJson(file, place);
    case 'csv':
      return openCsvReader(file, place);
  }
}

async function readPage(reader: RecordReader, place: FilePlace): Promise<FilePage> {
  const { items, readTo, ended, waits, nothingNew } = await reader.read(place);
  const patch = { file: progressAt(readTo, ended, waits) };
  const end = nothingNew ? { end: { notModified: true } } : {};
  return { items, fetchedAt: new Date(), next: ended ? null : readTo, patch, ...end };
}
