import { createReadStream } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { isDay, type Day } from '../../../domain/time/day.ts';
import { canarySource } from '../../../domain/names.ts';
import { sourceNamePattern } from '../../../domain/plan/source-plan.ts';
import { isMissing } from '../../blobs/file-errors.ts';
import type { ArchiveFile, JournalDay, JournalFile } from '../journal-file.ts';
import { readManifest } from '../manifest.ts';
import { journalFolder, journalPaths, storePaths } from '../../paths/paths.ts';

/** Bytes that are read at a time. */
const chunkBytes = 256 * 1024;

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
    sealed: (await isThere(join(csv, sealed))) ? sealedFile(csv, source, day, sealed) : null,
    hasRemains: false,
  };
}

function sealedFile(csv: string, source: string, day: Day, name: string): JournalFile {
  const path = join(csv, name);
  const manifest = sealManifestPath(csv, source, day);
  return fileAt({ kind: 'sealed', path, name, ingestedAt: day, check: null, manifest });
}

/** A part by its name below the folder of the journal. */
export function partFile(csv: string, name: string): JournalFile {
  const { check = null, ingestedAt = null } = journalPaths.part.parse(name) ?? {};
  return fileAt({ kind: 'part', path: join(csv, name), name, ingestedAt, check, manifest: null });
}

/** Archives of retired days, oldest first; of several of a day the newest comes first, because it decides. */
export async function archiveFiles({ archives }: JournalFolders): Promise<ArchiveFile[]> {
  const found = (await namesIn(archives)).flatMap((file) => {
    const name = `${storePaths.archive.folder({})}/${file}`;
    const archive = storePaths.archive.parse(name);
    return archive ? [{ ...archive, name }] : [];
  });
  found.sort((a, b) => (a.day === b.day ? b.number - a.number : a.day < b.day ? -1 : 1));
  return found.map(({ name, day, number }) => {
    const path = join(archives, baseName(name));
    const manifest = join(archives, baseName(storePaths.archiveManifest.build({ day, number })));
    return { ...fileAt({ kind: 'archive', path, name, ingestedAt: null, check: null, manifest }), day };
  });
}

/** A file of this machine. @param manifest path of the file beside it */
export function fileAt({
  manifest,
  ...file
}: Pick<JournalFile, 'kind' | 'path' | 'name' | 'ingestedAt' | 'check'> & {
  readonly manifest: string | null;
}): JournalFile {
  const { path } = file;
  return {
    ...file,
    manifest: manifest === null ? null : () => readManifest(manifest),
    stream: () => createReadStream(path, { highWaterMark: chunkBytes }),
    read: async (maxBytes) => ((await stat(path)).size > maxBytes ? null : readFile(path)),
    size: async () => (await stat(path).catch(() => ({ size: 0 }))).size,
  };
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
