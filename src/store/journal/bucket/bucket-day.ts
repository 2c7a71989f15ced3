import { setTimeout as sleep } from 'node:timers/promises';
import { DamagedFile, SinkUnavailable } from '../../../domain/errors.ts';
import type { Day } from '../../../domain/time/day.ts';
import { isMissing } from '../../blobs/file-errors.ts';
import { bucketPaths } from '../../paths/bucket-paths.ts';
import type { JournalDay, JournalFile, SourceDay } from '../journal-file.ts';
import { JournalFileGone } from '../journal-file-gone.ts';
import { parseManifest, type SealManifest } from '../manifest.ts';
import { bucketFile, type FilePlace } from './bucket-file.ts';

/** A day of a source in a bucket, as one listing shows it. */
export interface BucketDay extends JournalDay {
  /** Of its last sealing; 0 = it is not sealed. */
  readonly generation: number;
  /** The names of all its sealed files, and of its manifests. */
  readonly sealedNames: readonly string[];
  readonly manifestNames: readonly string[];
}

/** A sealing of a day. */
interface Generation extends SourceDay {
  readonly generation: number;
}

/**
 * How often a day is looked at that does not fit together: a listing of several pages is no picture of one moment, and a day that is
 * being deleted has files without a manifest.
 */
const looks = 3;
const betweenLooksMs = 250;

/**
 * Lists a day. Names are listed in the order sealed files, parts, manifests, and a sealer writes its manifest before it deletes a
 * part: so a part that is missing from the listing is in the file of a manifest that the listing has.
 * @throws SinkUnavailable if it is sealed again at each look
 */
export async function listDay(place: FilePlace, source: string, day: Day): Promise<BucketDay> {
  for (let look = 1; ; look++) {
    try {
      return await lookAt(place, source, day, look === looks);
    } catch (error) {
      if (!isMissing(error)) throw error;
      if (look === looks) throw new SinkUnavailable(`journal: ${source} ${day} is being sealed`, { cause: error });
      await sleep(betweenLooksMs);
    }
  }
}

/** @throws JournalFileGone if a file is missing; not for one that stays missing, if this is the last look */
async function lookAt(place: FilePlace, source: string, day: Day, isLast: boolean): Promise<BucketDay> {
  const folder = bucketPaths.part.folder({ source, day });
  const sizes = await place.blobs.sizes(folder);
  const names = [...sizes.keys()];
  const manifestNames = names.filter((name) => bucketPaths.sealManifest.parse(name));
  const sealedNames = names.filter((name) => bucketPaths.sealed.parse(name));
  const generation = highestOf(manifestNames);
  const current = sealedNames.filter((name) => generationOf(name) === generation);
  const parts = names
    .filter((name) => name.endsWith('.csv'))
    .map((name) => partFile(place, name, sizes.get(name) ?? null));
  const [orphan] = generation === 0 && parts.length === 0 ? sealedNames : [];
  if (!isLast && generation > 0 && current.length === 0) {
    throw new JournalFileGone(`${place.name}/${folder}`);
  }
  const of = { source, day, generation: orphan === undefined ? generation : generationOf(orphan) };
  return {
    source,
    day,
    parts,
    sealed: of.generation === 0 ? null : await sealedFile(place, of, orphan === undefined ? current : [orphan], sizes),
    hasRemains:
      generation > 0 &&
      (manifestNames.length > 1 || current.length > 1 || sealedNames.some((name) => generationOf(name) < generation)),
    generation,
    sealedNames,
    manifestNames,
  };
}

export function generationOf(sealed: string): number {
  return bucketPaths.sealed.parse(sealed)?.generation ?? 0;
}

/** A part by its name. @param bytes null = unknown */
export function partFile(place: FilePlace, name: string, bytes: number | null): JournalFile {
  const { check = null, ingestedAt = null } = bucketPaths.part.parse(name) ?? {};
  return bucketFile(place, { kind: 'part', name, ingestedAt, check, manifest: null }, bytes);
}

/** Of the last sealing; 0 = none. */
export function highestOf(names: readonly string[]): number {
  return names.reduce((highest, name) => Math.max(highest, bucketPaths.sealManifest.parse(name)?.generation ?? 0), 0);
}

/**
 * The file of a generation: nearly always there is one. Where there are more, its manifest names it. The file alone proves nothing: it
 * may be that of a sealer that came too late, so its manifest is read before anything is deleted.
 */
async function sealedFile(
  place: FilePlace,
  of: Generation,
  candidates: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Promise<JournalFile> {
  const named = candidates.length === 1 ? null : await generationManifest(place, of).catch(nullWhereDamaged);
  const [first = bucketPaths.sealManifest.build(of)] = candidates;
  const name = named === null ? first : fileOf(of, named);
  let read: Promise<SealManifest> | null = null;
  const manifest = () => (read ??= manifestOfFile(place, of, sizes.has(name) ? name : null));
  return bucketFile(
    place,
    { kind: 'sealed', name, ingestedAt: of.day, check: null, manifest },
    sizes.get(name) ?? null,
  );
}

/** It is reported where the file is read. */
function nullWhereDamaged(error: unknown): null {
  if (error instanceof DamagedFile) return null;
  throw error;
}

function fileOf(of: SourceDay, { file = '' }: SealManifest): string {
  return `${bucketPaths.sealed.folder(of)}/${file}`;
}

/**
 * The manifest of a generation, if it is that of the file that a listing has found. @param found null = none
 * @throws JournalFileGone if the day has to be listed again, DamagedFile
 */
async function manifestOfFile(place: FilePlace, of: Generation, found: string | null): Promise<SealManifest> {
  const manifest = await generationManifest(place, of);
  const file = fileOf(of, manifest);
  if (file === found) return manifest;
  const names = await place.blobs.list(bucketPaths.sealed.folder(of));
  const path = `${place.name}/${file}`;
  // A file is deleted after its manifest.
  const isLost = highestOf(names) === of.generation && !names.includes(file);
  if (!isLost) throw new JournalFileGone(path);
  throw new DamagedFile(`journal: ${path} is missing, expected the file of its manifest; ${advice}`);
}

/** The manifest of a generation. @throws JournalFileGone if the day has been sealed again or deleted, DamagedFile */
export async function generationManifest({ name, blobs }: FilePlace, of: Generation): Promise<SealManifest> {
  const path = bucketPaths.sealManifest.build(of);
  const content = await blobs.get(path);
  if (content === null) throw await whyGone({ name, blobs }, of, `${name}/${path}`);
  return parseManifest(content, `${name}/${path}`, advice);
}

/** A manifest that was there is replaced by one of a later sealing, or deleted before its file. */
async function whyGone({ blobs }: FilePlace, of: SourceDay, path: string): Promise<Error> {
  for (let look = 1; look <= looks; look++) {
    if (look > 1) await sleep(betweenLooksMs);
    const names = await blobs.list(bucketPaths.part.folder(of));
    const isDeleted = !names.some((name) => bucketPaths.sealed.parse(name));
    if (isDeleted || highestOf(names) > 0) return new JournalFileGone(path);
  }
  return new DamagedFile(`journal: ${path} is missing, expected the manifest of the sealed day; ${advice}`);
}

const advice = 'restore it from a backup or from an earlier version of the object';
