import { Readable } from 'node:stream';
import { fromBufferPromise, fromRandomAccessReaderPromise, RandomAccessReader, type Entry, type ZipFile } from 'yauzl';
import { DaybookError, messageOf, OverLimit, UnreadableBody } from '../../domain/errors.ts';
import { limitUnpacked } from './packed-limit.ts';

/** Files of an archive: more are an attack, or not meant to be read. */
const maxEntries = 10_000;

/** A file of an archive. */
export interface ZipMember {
  /** With its folders, `/` between them. */
  readonly name: string;
  /** Its content. @param maxBytes largest size unpacked @throws OverLimit, UnreadableBody */
  readonly read: (maxBytes: number) => AsyncIterable<Buffer>;
}

/** An archive that is not held: its bytes from a position to before another one. */
export interface ZipContent {
  readonly bytes: number;
  readonly stream: (start: number, end: number) => AsyncIterable<Buffer>;
}

/** The files of an archive. @throws OverLimit, UnreadableBody */
export async function zipMembers(subject: string, content: Buffer | ZipContent): Promise<readonly ZipMember[]> {
  return namingDamage(subject, async () => {
    const zip = await open(content);
    if (zip.entryCount > maxEntries) {
      throw new OverLimit(
        `fetch: ${subject} sent a ZIP archive of ${zip.entryCount} files, at most ${maxEntries} are allowed`,
      );
    }
    const members: ZipMember[] = [];
    for await (const entry of zip.eachEntry()) {
      if (entry.fileName.endsWith('/')) continue;
      members.push({ name: entry.fileName, read: (maxBytes) => readEntry(subject, zip, entry, maxBytes) });
    }
    return members;
  });
}

function open(content: Buffer | ZipContent): Promise<ZipFile> {
  const options = { lazyEntries: true, autoClose: false };
  if (Buffer.isBuffer(content)) return fromBufferPromise(content, options);
  return fromRandomAccessReaderPromise(new ContentReader(content), content.bytes, options);
}

class ContentReader extends RandomAccessReader {
  readonly #content: ZipContent;

  constructor(content: ZipContent) {
    super();
    this.#content = content;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(this.#content.stream(start, end), { objectMode: false });
  }
}

async function* readEntry(subject: string, zip: ZipFile, entry: Entry, maxBytes: number): AsyncGenerator<Buffer> {
  if (entry.isEncrypted()) {
    throw new UnreadableBody(
      `fetch: ${subject} sent a ZIP archive in which ${entry.fileName} is encrypted, expected one without a password`,
    );
  }
  const limits = { subject, maxBytes };
  const stream = await namingDamage(subject, () => zip.openReadStreamPromise(entry));
  try {
    yield* limitUnpacked(stream as AsyncIterable<Buffer>, limits, () => entry.compressedSize);
  } catch (error) {
    throw damageOf(subject, error);
  }
}

async function namingDamage<T>(subject: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw damageOf(subject, error);
  }
}

function damageOf(subject: string, error: unknown): unknown {
  if (error instanceof DaybookError || !isZipError(error)) return error;
  return new UnreadableBody(`fetch: ${subject} sent a ZIP archive that cannot be read: ${messageOf(error)}`, {
    cause: error,
  });
}

/** The library throws plain errors; those of the content have a class of their own. */
function isZipError(error: unknown): boolean {
  return error instanceof Error && (error.constructor === Error || 'code' in error);
}
