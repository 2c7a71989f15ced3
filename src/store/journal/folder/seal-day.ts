import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Day } from '../../../domain/time/day.ts';
import { SinkUnavailable } from '../../../domain/errors.ts';
import { syncFolder } from '../../blobs/directory-store.ts';
import { journalPaths } from '../../paths/paths.ts';
import { journalDay, sealedPath, sealManifestPath, type JournalFolders } from './folder-files.ts';
import type { SourceDay } from '../journal-file.ts';
import { readManifest, type SealManifest } from '../manifest.ts';
import { manifestOf } from '../merged-manifest.ts';
import { mergeDay, type MergeTarget, type Rewrite } from '../merge-day.ts';
import type { SealContext } from '../seal-context.ts';
import { withSealLock, type IsStillLocked } from './seal-lock.ts';
import { storedJson } from '../../blobs/stored-json.ts';

/**
 * Seals what was ingested of a source on a day: merges its parts, and what is sealed already, into `<day>.csv.gz` with a
 * manifest, and only then deletes those parts. A part that comes later is merged the next time. Safe to repeat, and beside
 * another sealer, and after a kill at any moment.
 * @returns false if there was no part
 * @throws DamagedFile; nothing is replaced or deleted then. JournalBusy, see `impatient`
 */
export async function sealDay(
  folders: JournalFolders,
  source: string,
  day: Day,
  context: SealContext,
): Promise<boolean> {
  if ((await journalDay(folders, source, day)).parts.length === 0) return false;
  const onWait = (holder: string) => context.onProgress({ waitsFor: `${source}: ${holder} is writing to its journal` });
  return withSealLock(folders.csv, source, { ...context, onWait }, async (stillHeld) =>
    besideOthers({ folders, source, day, stillHeld }, (sealing) => sealFrom(sealing, context)),
  );
}

/**
 * Writes a sealed day again, as `rewrite` makes its rows; parts stay as they are. For who holds the lock of the source. Safe to
 * repeat where `rewrite` is, and after a kill at any moment: the file is replaced as a sealing replaces it.
 * @throws DamagedFile; nothing is replaced then
 */
export async function rewriteSealedDay(
  place: Omit<Sealing, 'temporary'>,
  signal: AbortSignal,
  rewrite: Rewrite,
): Promise<void> {
  const { folders, source, day } = place;
  const found = await journalDay(folders, source, day);
  if (found.sealed === null) return;
  await besideOthers(place, async (sealing) => {
    const before = await manifestBeside(folders, source, day);
    const merged = await mergeDay({ ...found, parts: [] }, targetAt(sealing.temporary), signal, () => {}, rewrite);
    if (merged.sha256 !== merged.base) {
      await putInPlace(sealing, manifestOf(sealing, merged, before, 0), () => {});
    }
  });
}

/** Puts a sealed file as it is in the place of that of a day. */
export async function putSealedDay(
  folders: JournalFolders,
  { source, day }: SourceDay,
  manifest: SealManifest,
  content: () => Readable,
  signal: AbortSignal,
): Promise<void> {
  await mkdir(join(folders.csv, source), { recursive: true });
  await withSealLock(folders.csv, source, { signal }, (stillHeld) =>
    besideOthers({ folders, source, day, stillHeld }, async (sealing) => {
      await pipeline(content(), createWriteStream(sealing.temporary, { flags: 'wx', flush: true }), { signal });
      await putInPlace(sealing, manifest, () => {});
    }),
  );
}

/** Does work with a new file beside those of the day. */
async function besideOthers<T>(place: Omit<Sealing, 'temporary'>, work: (sealing: Sealing) => Promise<T>): Promise<T> {
  const { folders, source } = place;
  await removeLeftovers(join(folders.csv, source), source);
  const temporary = join(folders.csv, journalPaths.sealTemporary.build({ source, name: randomUUID(), of: 'gz' }));
  try {
    return await work({ ...place, temporary });
  } finally {
    await rm(temporary, { force: true });
  }
}

interface Sealing {
  readonly folders: JournalFolders;
  readonly source: string;
  readonly day: Day;
  readonly temporary: string;
  readonly stillHeld: IsStillLocked;
}

async function sealFrom(sealing: Sealing, { signal, onProgress, mayMerge }: SealContext): Promise<boolean> {
  const { folders, source, day, temporary } = sealing;
  const found = await journalDay(folders, source, day);
  if (found.parts.length === 0 || (await mayMerge?.(found)) === false) return false;
  const before = await manifestBeside(folders, source, day);
  const merged = await mergeDay(found, targetAt(temporary), signal, (rows) => onProgress({ rows }));
  onProgress({ step: 'merged' });
  // Parts without new records were sealed before: their deletion was interrupted, or they were written again.
  const isNew = found.sealed === null || merged.added > 0 || before?.sha256 !== merged.sha256;
  if (isNew) await putInPlace(sealing, manifestOf(sealing, merged, before, found.parts.length), onProgress);
  await requireLock(sealing);
  for (const { path } of found.parts) {
    await rm(path, { force: true });
    onProgress({ step: 'part deleted' });
  }
  // Not empty if a part came meanwhile: it is sealed the next time.
  await rmdir(join(folders.csv, source, day)).catch(() => undefined);
  return true;
}

async function putInPlace(
  sealing: Sealing,
  manifest: SealManifest,
  onProgress: SealContext['onProgress'],
): Promise<void> {
  const { folders, source, day, temporary } = sealing;
  await requireLock(sealing);
  const written = join(folders.csv, journalPaths.sealTemporary.build({ source, name: randomUUID(), of: 'json' }));
  await replaceFile(sealManifestPath(folders.csv, source, day), storedJson(manifest), written);
  onProgress({ step: 'manifest in place' });
  await rename(temporary, sealedPath(folders.csv, source, day));
  await syncFolder(join(folders.csv, source));
  onProgress({ step: 'sealed in place' });
}

function targetAt(path: string): MergeTarget {
  return {
    name: path,
    write: async (text, signal) =>
      pipeline(text, createGzip(), createWriteStream(path, { flags: 'wx', flush: true }), { signal }),
    stream: () => createReadStream(path),
  };
}

async function manifestBeside(folders: JournalFolders, source: string, day: Day): Promise<SealManifest | null> {
  return readManifest(sealManifestPath(folders.csv, source, day));
}

/** A sealer that was suspended for minutes may have lost its lock: what it has read may be sealed and deleted by another. */
export async function requireLock({
  stillHeld,
  source,
  day,
}: Pick<Sealing, 'stillHeld' | 'source' | 'day'>): Promise<void> {
  if (await stillHeld()) return;
  throw new SinkUnavailable(`journal: ${source} ${day} is being sealed by another process; it is retried`);
}

async function replaceFile(path: string, content: string, temporary: string): Promise<void> {
  const file = await open(temporary, 'wx');
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

/** What a killed sealer left. */
async function removeLeftovers(folder: string, source: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (journalPaths.sealTemporary.parse(`${source}/${name}`)) await rm(join(folder, name), { force: true });
  }
}
