import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { inParallel } from '../../domain/in-parallel.ts';
import type { BlobStore } from '../blobs/blob-store.ts';
import { storeFolders, storeKindOf, type StoreKind } from '../paths/paths.ts';
import type { CopySide } from './copy-side.ts';
import type { CopyTally } from './copy-tally.ts';
import { retried } from './retried.ts';

/** Files that are worked on at once. */
const atOnce = 16;
const batchSize = 512;

/** They say something about a moment. */
const momentary: ReadonlySet<StoreKind | null> = new Set([
  'hostSlots',
  'earlierHostSlot',
  'doctorProbe',
  'identity',
  'download',
]);

/** Makes what the target has in Daybook's folders what the store has; the CSV journal and the identity are not among it. */
export async function syncBlobs(from: CopySide, to: CopySide, tally: CopyTally): Promise<void> {
  for (const folder of [...storeFolders].sort()) {
    let batch: Met[] = [];
    const work = async () => {
      tally.look.signal.throwIfAborted();
      await inParallel(batch, atOnce, async (met) => retried(tally.look.signal, () => syncBlob(from, to, met, tally)));
      batch = [];
    };
    for await (const met of mergePaths(from.blobs.walk(folder), to.blobs.walk(folder))) {
      if (momentary.has(storeKindOf(met.path))) continue;
      batch.push(met);
      if (batch.length === batchSize) await work();
    }
    await work();
  }
}

/** A path of one of two listings, or of both. */
interface Met {
  readonly path: string;
  readonly where: 'from' | 'to' | 'both';
}

/**
 * Merges two listings in order. Where their orders differ, a path that both have is met twice: what is done with it looks at both
 * stores first.
 */
async function* mergePaths(from: AsyncIterable<string>, to: AsyncIterable<string>): AsyncGenerator<Met> {
  const [ofFrom, ofTo] = [from[Symbol.asyncIterator](), to[Symbol.asyncIterator]()];
  let [a, b] = [await ofFrom.next(), await ofTo.next()];
  while (!a.done || !b.done) {
    if (!a.done && !b.done && a.value === b.value) {
      yield { path: a.value, where: 'both' };
      [a, b] = [await ofFrom.next(), await ofTo.next()];
    } else if (!a.done && (b.done || a.value < b.value)) {
      yield { path: a.value, where: 'from' };
      a = await ofFrom.next();
    } else if (!b.done) {
      yield { path: b.value, where: 'to' };
      b = await ofTo.next();
    }
  }
}

async function syncBlob(from: CopySide, to: CopySide, { path, where }: Met, tally: CopyTally): Promise<void> {
  const { content, fix } = tally.look;
  if (where !== 'to') tally.file();
  if (where === 'both' && !content) return;
  // Days of years, and the only large ones: they are never whole in memory.
  if (storeKindOf(path) === 'archive' && where !== 'to') return syncArchive(from.blobs, to.blobs, path, tally);
  if (where === 'from' && !content) return copyNew(from.blobs, to.blobs, path, tally);
  const [wanted, found] = await Promise.all([from.blobs.get(path), to.blobs.get(path)]);
  if (wanted === null) {
    if (found === null) return;
    tally.removed(path);
    if (fix) await to.blobs.delete(path);
    return;
  }
  if (found?.equals(wanted)) return;
  tally.wrote(path, wanted.length);
  if (!fix) return;
  if (found === null) await to.blobs.putIfAbsent(path, wanted);
  else await to.blobs.put(path, wanted);
}

/** A file that the target does not seem to have: one request instead of two. */
async function copyNew(from: BlobStore, to: BlobStore, path: string, tally: CopyTally): Promise<void> {
  const wanted = await from.get(path);
  if (wanted !== null && tally.look.fix && (await to.putIfAbsent(path, wanted))) tally.wrote(path, wanted.length);
}

async function syncArchive(from: BlobStore, to: BlobStore, path: string, tally: CopyTally): Promise<void> {
  const [wanted, found] = await Promise.all([digestOf(from, path), digestOf(to, path)]);
  if (wanted === null || wanted.sha256 === found?.sha256) return;
  tally.wrote(path, wanted.bytes);
  if (!tally.look.fix) return;
  if (found !== null) await to.delete(path);
  const stream = await from.getStream(path);
  if (stream === null) return;
  try {
    await to.putStreamIfAbsent(path, stream);
  } finally {
    // It may not have been read.
    if (stream instanceof Readable) stream.destroy();
  }
}

interface Digest {
  readonly bytes: number;
  readonly sha256: string;
}

async function digestOf(store: BlobStore, path: string): Promise<Digest | null> {
  const stream = await store.getStream(path);
  return stream === null ? null : digest(stream);
}

/** Of a content as it is stored. */
export async function digest(stream: AsyncIterable<Uint8Array>): Promise<Digest> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const chunk of stream) {
    hash.update(chunk);
    bytes += chunk.length;
  }
  return { bytes, sha256: hash.digest('hex') };
}
