import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchRef } from '../../domain/run/batch.ts';
import type { PartCheck } from '../../formats/csv-part.ts';
import { dayNumber, dayOfNumber, type Day } from '../../domain/time/day.ts';
import { canarySource } from '../../domain/names.ts';
import { sourceNamePattern } from '../../domain/plan/source-plan.ts';
import { isMissing } from '../blobs/file-errors.ts';
import { journalFolder, journalPaths, storePaths } from '../paths/paths.ts';

/** Where the journal lies. */
export interface JournalFolders {
  /** Parts and sealed days. */
  readonly csv: string;
  /** Days of raw_events that were retired. */
  readonly archives: string;
}

/** The same, below the folders that the environment names. */
export function journalFoldersIn(dataFolder: string, storeFolder: string): JournalFolders {
  return { csv: join(dataFolder, journalFolder), archives: join(storeFolder, storePaths.archive.folder({})) };
}

/** A file that holds records. */
export interface JournalFile {
  readonly kind: 'part' | 'sealed' | 'archive';
  /** Where it is on this machine. */
  readonly path: string;
  /** Where it is in its folder, for display. */
  readonly name: string;
  /** Where the manifest is that says what it holds; null for parts. */
  readonly manifest: string | null;
  /** What a part holds by its name; null if it does not say. */
  readonly check: PartCheck | null;
}

/** What was ingested of a source on a day: its sealed file, and parts that are not sealed yet. */
export interface JournalDay {
  readonly source: string;
  readonly day: Day;
  readonly sealed: JournalFile | null;
  /** In order of ingestion. */
  readonly parts: readonly JournalFile[];
}

/** Sources that the journal knows, whether or not they are configured. Files of a canary are gone in a moment. */
export async function journalSources({ csv }: JournalFolders): Promise<string[]> {
  return (await namesIn(csv)).filter((name) => sourceNamePattern.test(name) && name !== canarySource);
}

/** Days on which something was ingested of a source, oldest first. */
export async function journalDays({ csv }: JournalFolders, source: string): Promise<Day[]> {
  const names = await namesIn(join(csv, source));
  const days = names.map((name) => journalPaths.sealed.parse(`${source}/${name}`)?.day ?? name).filter(isDay);
  return [...new Set(days)].sort();
}

/** The same, of days that may have parts: a sealed day has no folder. */
export async function journalPartDays({ csv }: JournalFolders, source: string): Promise<Day[]> {
  return (await namesIn(join(csv, source))).filter(isDay);
}

/**
 * The files of a day. Parts are looked for first: one that a sealer deletes meanwhile is in the sealed file that is found
 * afterwards.
 */
export async function journalDay({ csv }: JournalFolders, source: string, day: Day): Promise<JournalDay> {
  const folder = journalPaths.part.folder({ source, day });
  // The names begin with the time of ingestion.
  const parts = (await namesIn(join(csv, folder))).filter((name) => name.endsWith('.csv'));
  const sealed = journalPaths.sealed.build({ source, day });
  return {
    source,
    day,
    parts: parts.map((name) => partFile(csv, `${folder}/${name}`)),
    sealed: (await isThere(join(csv, sealed)))
      ? {
          kind: 'sealed',
          path: join(csv, sealed),
          name: sealed,
          manifest: sealManifestPath(csv, source, day),
          check: null,
        }
      : null,
  };
}

/** The part of a batch, by whatever version it was written; null if there is none. */
export async function findPart(
  { csv }: JournalFolders,
  { source, ingestedAt, hash }: BatchRef,
): Promise<JournalFile | null> {
  const folder = journalPaths.part.folder({ source, day: ingestedAt.slice(0, 10) });
  for (const name of await namesIn(join(csv, folder))) {
    const part = journalPaths.part.parse(`${folder}/${name}`);
    if (part?.ingestedAt === ingestedAt && hash.startsWith(part.hash)) return partFile(csv, `${folder}/${name}`);
  }
  return null;
}

/** A part by its name below the folder of the journal. */
export function partFile(csv: string, name: string): JournalFile {
  const check = journalPaths.part.parse(name)?.check ?? null;
  return { kind: 'part', path: join(csv, name), name, manifest: null, check };
}

/** An archive, with the day of its records. */
export interface ArchiveFile extends JournalFile {
  readonly day: Day;
}

/** Archives of retired days, oldest first; of several of a day the newest comes first, because it decides. */
export async function archiveFiles({ archives }: JournalFolders): Promise<ArchiveFile[]> {
  const found = (await namesIn(archives)).flatMap((file) => {
    const name = `${storePaths.archive.folder({})}/${file}`;
    const archive = storePaths.archive.parse(name);
    return archive ? [{ ...archive, name }] : [];
  });
  found.sort((a, b) => (a.day === b.day ? b.number - a.number : a.day < b.day ? -1 : 1));
  return found.map(({ name, day, number }) => ({
    kind: 'archive',
    day,
    name,
    check: null,
    path: join(archives, baseName(name)),
    manifest: join(
      archives,
      baseName(
        storePaths.archiveManifest.build({
          day,
          number,
        }),
      ),
    ),
  }));
}

export function sealedPath(csv: string, source: string, day: Day): string {
  return join(csv, journalPaths.sealed.build({ source, day }));
}

export function sealManifestPath(csv: string, source: string, day: Day): string {
  return join(csv, journalPaths.sealManifest.build({ source, day }));
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const number = dayNumber(text);
  return !Number.isNaN(number) && dayOfNumber(number) === text;
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isMissing(error)) return false;
      throw error;
    },
  );
}

/** Names in a folder but for hidden ones, in order; none if there is no such folder. */
async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.')).sort();
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
