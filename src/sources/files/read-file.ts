import type { FilePosition } from '../../domain/state/fetch-position.ts';
import type { FileBlocks, FileProgress } from '../../domain/state/file-progress.ts';
import type { Warning } from '../../domain/run/warning.ts';
import type { SourceReader } from '../compute/source-reader.ts';
import type { FetchContext } from '../extraction/fetch-context.ts';
import type { Page } from '../extraction/page.ts';
import { blocksUpTo } from './block-digests.ts';
import { openCsvReader } from './csv/csv-reader.ts';
import { fileError } from './file-error.ts';
import { formatOf } from './file-format.ts';
import { openJson } from './json-reader.ts';
import { openNdjson } from './ndjson-reader.ts';
import type { OpenReaders } from './open-readers.ts';
import { currentPosition } from './current-position.ts';
import { progressAt } from './reading-start.ts';
import type { FileToRead, RecordReader } from './record-reader.ts';
import { isStable } from './is-stable.ts';

/** A stretch of one file. */
export interface FilePage extends Page {
  readonly next: FilePosition | null;
  readonly patch: { readonly file: FileProgress };
  /** Digests of what was read up to now, for the blob beside the state. */
  readonly blocks: FileBlocks | null;
}

/** Reads a file from a place on, to the end that it had when the run reached it. */
export async function* readFilePages(
  file: FileToRead,
  from: FilePosition,
  readers: OpenReaders,
  context: FetchContext,
): AsyncGenerator<FilePage> {
  const { name } = file.plan;
  const key = `${file.run}\n${from.path}`;
  let reader: RecordReader | null = null;
  let next: FilePosition | null = null;
  try {
    if (from.onlyChecked) {
      yield await checkedPage(file, from);
      return;
    }
    reader = await readers.take(key, positionIn(file, from));
    const start = formatOf(file.plan, file.path) === 'json' ? from : await currentPosition(file, from, reader !== null);
    if (start !== from) {
      await reader?.close();
      reader = null;
    }
    reader ??= await openReader(start === from ? file : { ...file, blocks: undefined }, start, context.reader);
    for (let place: FilePosition | null = start; place !== null; place = next) {
      next = null;
      context.signal.throwIfAborted();
      const page = await readPage(reader, place, file, context.signal);
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

/** The position of a file's reader: that of a JSON document counts records. */
function positionIn(file: FileToRead, place: FilePosition): number {
  return formatOf(file.plan, file.path) === 'json' ? place.lines : place.offset;
}

async function openReader(file: FileToRead, place: FilePosition, reader: SourceReader): Promise<RecordReader> {
  switch (formatOf(file.plan, file.path)) {
    case 'ndjson':
      return openNdjson(file, place);
    case 'json':
      return openJson(file, place, reader);
    case 'csv':
      return openCsvReader(file, place);
  }
}

async function readPage(
  reader: RecordReader,
  place: FilePosition,
  file: FileToRead,
  signal: AbortSignal,
): Promise<FilePage> {
  const stretch = await reader.read(place);
  const { ended, lastRow } = stretch;
  const isWhole = lastRow && (await isStable(file, place, signal));
  const { items, readTo, waits, nothingNew } = isWhole
    ? { items: [...stretch.items, lastRow.item], readTo: lastRow.readTo, waits: false, nothingNew: false }
    : stretch;
  return {
    items,
    fetchedAt: new Date(),
    next: ended ? null : readTo,
    patch: { file: progressAt(readTo, ended, waits) },
    blocks: reader.digests?.blocks ?? null,
    ...(nothingNew ? { end: { notModified: true } } : {}),
    warnings: [...(stretch.warnings ?? []), ...(waits ? [rowWaits(place.path)] : [])],
  };
}

function rowWaits(path: string): Warning {
  const message = `the last row of ${path} has no newline; it is read once it has one, or when the next run finds it unchanged`;
  return { code: 'row_waits', message, count: 1 };
}

/** Where all that was read is as it was: what the state learns. */
async function checkedPage(file: FileToRead, place: FilePosition): Promise<FilePage> {
  return {
    items: [],
    fetchedAt: new Date(),
    next: null,
    end: { notModified: true },
    patch: { file: progressAt(place, true, false) },
    blocks: await blocksUpTo(file, file.blocks, place.size),
  };
}
