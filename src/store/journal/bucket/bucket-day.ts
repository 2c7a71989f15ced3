import { DamagedFile } from '../../../domain/errors.ts';
import type { Day } from '../../../domain/time/day.ts';
import { bucketPaths } from '../../paths/bucket-paths.ts';
import type { JournalDay, JournalFile } from '../journal-file.ts';
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

/** A listing of several pages is no picture of one moment: how often a file that it lacks is looked for. */
const looks = 3;

/**
 * Lists a day. Names are listed in the order sealed files, parts, manifests, and a sealer writes its manifest before it deletes a
 * part: so a part that is missing from the listing is in the file of a manifest that the listing has.
 */
export async function listDay(place: FilePlace, source: string, day: Day): Promise<BucketDay> {
  for (let look = 1; ; look++) {
    const sizes = await place.blobs.sizes(bucketPaths.part.folder({ source, day }));
    const names = [...sizes.keys()];
    const manifestNames = names.filter((name) => bucketPaths.sealManifest.parse(name));
    const sealedNames = names.filter((name) => bucketPaths.sealed.parse(name));
    const generation = manifestNames.reduce(
      (highest, name) => Math.max(highest, bucketPaths.sealManifest.parse(name)?.generation ?? 0),
      0,
    );
    const current = sealedNames.filter((name) => generationOf(name) === generation);
    if (generation > 0 && current.length === 0 && look < looks) continue;
    const parts = names
      .filter((name) => name.endsWith('.csv'))
      .map((name) => partFile(place, name, sizes.get(name) ?? null));
    const [orphan] = generation === 0 && parts.length === 0 ? sealedNames : [];
    const of = { source, day, generation: orphan === undefined ? generation : generationOf(orphan) };
    return {
      source,
      day,
      parts,
      sealed:
        of.generation === 0 ? null : await sealedFile(place, of, orphan === undefined ? current : [orphan], sizes),
      hasRemains:
        generation > 0 &&
        (manifestNames.length > 1 || current.length > 1 || sealedNames.some((name) => generationOf(name) < generation)),
      generation,
      sealedNames,
      manifestNames,
    };
  }
}

export function generationOf(sealed: string): number {
  return bucketPaths.sealed.parse(sealed)?.generation ?? 0;
}

/** A part by its name. @param bytes null = unknown */
export function partFile(place: FilePlace, name: string, bytes: number | null): JournalFile {
  const { check = null, ingestedAt = null } = bucketPaths.part.parse(name) ?? {};
  return bucketFile(place, { kind: 'part', name, ingestedAt, check, manifest: null }, bytes);
}

/** The file of a generation: nearly always there is one. Where there are more, its manifest names it. */
async function sealedFile(
  place: FilePlace,
  of: { readonly source: string; readonly day: Day; readonly generation: number },
  candidates: readonly string[],
  sizes: ReadonlyMap<string, number>,
): Promise<JournalFile> {
  let read: Promise<SealManifest> | null = null;
  const manifest = () => (read ??= generationManifest(place, of));
  const [first = bucketPaths.sealed.build({ ...of, number: 1 })] = candidates;
  const folder = bucketPaths.sealed.folder(of);
  const named = candidates.length > 1 ? await manifest().catch(() => null) : null;
  const name = named?.file === undefined ? first : `${folder}/${named.file}`;
  const described = { kind: 'sealed', name, ingestedAt: of.day, check: null, manifest } as const;
  const file = bucketFile(place, described, sizes.get(name) ?? null);
  if (candidates.length > 0) return file;
  const lost = new DamagedFile(`journal: ${file.path} is missing, expected the file of its manifest; ${advice}`);
  return { ...file, manifest: async () => Promise.reject(lost) };
}

/** The manifest of a generation. @throws JournalFileGone if the day has been sealed again, DamagedFile */
export async function generationManifest(
  { name, blobs }: FilePlace,
  of: { readonly source: string; readonly day: Day; readonly generation: number },
): Promise<SealManifest> {
  const path = bucketPaths.sealManifest.build(of);
  const content = await blobs.get(path);
  if (content === null) throw await whyGone({ name, blobs }, of, `${name}/${path}`);
  return parseManifest(content, `${name}/${path}`, advice);
}

/** A manifest that was there is replaced by one of a later sealing. */
async function whyGone(
  { blobs }: FilePlace,
  { source, day }: { readonly source: string; readonly day: Day },
  path: string,
): Promise<Error> {
  const names = await blobs.list(bucketPaths.part.folder({ source, day }));
  const isSealed = names.some((name) => bucketPaths.sealManifest.parse(name));
  const isDeleted = !names.some((name) => bucketPaths.sealed.parse(name));
  return isSealed || isDeleted
    ? new JournalFileGone(path)
    : new DamagedFile(`journal: ${path} is missing, expected the manifest of the sealed day; ${advice}`);
}

const advice = 'restore it from a backup or from an earlier version of the object';
